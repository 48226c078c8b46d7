"""The entry point of `python -m fake_server` and `apivideo-fake`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line, or exit with a message if its extra is not installed."""
    try:
        from fake_server.cli import cli
    except ModuleNotFoundError as missing:
        if missing.name != "click":
            raise
        sys.exit("apivideo-fake needs the extra cli: pip install 'pytest-apivideo[cli]'")
    cli(prog_name="apivideo-fake")


if __name__ == "__main__":
    main()
