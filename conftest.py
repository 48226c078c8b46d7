"""What every test of this project shares."""

pytest_plugins = ["pytester"]
