"""The record of calls, and the assertions on it."""

from fake_server.calls.call import DROPPED, Call, SecretText
from fake_server.calls.record import Calls

__all__ = ["DROPPED", "Call", "Calls", "SecretText"]
