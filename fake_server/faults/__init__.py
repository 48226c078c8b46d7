"""Faults: rules that make requests to a project fail, made by `apivideo.on(...)`.

A fault is a matcher (which requests it fires for), a list of effects and a count. A request meets
the first fault, in the order they were made, that fires for it, and no other. Delays and holds take
real time and end with the test.
"""

from fake_server.faults.effects import Damage, Transfer, When
from fake_server.faults.fault import Fault
from fake_server.faults.matcher import FaultRequest, Matcher
from fake_server.faults.registry import Faults

__all__ = ["Damage", "Fault", "FaultRequest", "Faults", "Matcher", "Transfer", "When"]
