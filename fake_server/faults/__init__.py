"""Faults: rules that make a project's requests fail, made by `apivideo.on(...)`.

A fault waits for requests of its operation; when it fires, it alone says what becomes of the
request. The faults of a project are asked in the order they were made, and the first that fires is
the one. Waiting (a delay, a hold) is done in real time and ends with the test.
"""

from fake_server.faults.answers import Damage, damaged
from fake_server.faults.choice import FaultRequest
from fake_server.faults.fault import Fault, When
from fake_server.faults.of_project import Faults

__all__ = ["Damage", "Fault", "FaultRequest", "Faults", "When", "damaged"]
