"""What a tester steers from outside the process: the control API under `/_fake/`."""

from fake_server.control import api, faults, projects, record

OPERATIONS = (*api.OPERATIONS, *faults.OPERATIONS, *record.OPERATIONS, *projects.OPERATIONS)

__all__ = ["OPERATIONS"]
