"""The control API under `/_fake/`, for tests outside of the process."""

from fake_server.control import api, faults, projects, record

OPERATIONS = (*api.OPERATIONS, *faults.OPERATIONS, *record.OPERATIONS, *projects.OPERATIONS)

__all__ = ["OPERATIONS"]
