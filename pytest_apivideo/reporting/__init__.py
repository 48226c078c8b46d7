"""What the plugin adds to the output of pytest, and the secrets that it removes from it."""
