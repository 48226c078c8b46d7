"""What a tester steers from outside the process: the control API under `/_fake/`."""

from fake_server.control.api import OPERATIONS

__all__ = ["OPERATIONS"]
