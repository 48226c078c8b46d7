"""An account: what its projects share. Clock, settings, calls, faults, history, errors.

A test has one account with one project; the Admin API can add projects to it.
"""

from __future__ import annotations

import copy
import traceback
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from fake_server.calls import Calls
from fake_server.clock import Clock, Mode
from fake_server.core.names import Names
from fake_server.core.remote import RemoteFiles
from fake_server.deliveries import Courier
from fake_server.faults import Faults
from fake_server.history import History
from fake_server.lifecycle import EventHandler, Lifecycle
from fake_server.settings import Settings

_MAX_ERRORS = 100


@dataclass(frozen=True)
class ServerConfig:
    """What all accounts of a server have in common.

    `names` are the operations; `mode` is the mode in which clocks begin; `event_handlers` handle
    due events, by name; `on_error` is called with each unexpected error of the fake, in the thread
    in which it occurred.
    """

    names: Names
    mode: Mode
    event_handlers: Mapping[str, EventHandler]
    on_error: Callable[[Exception], None] | None


class Account:
    """The state that the projects of one api.video account share.

    `errors` holds the newest unexpected exceptions of the fake itself; `watchers` are called at
    each request, in the thread that serves it. An `isolated` account never becomes the current one.
    """

    def __init__(
        self, seed: str, settings: Settings, config: ServerConfig, *, isolated: bool = False
    ) -> None:
        self.settings = settings
        self.isolated = isolated
        self.clock = Clock(config.mode)
        self.history = History(self.clock)
        self.calls = Calls(config.names, settings.max_calls)
        self.faults = Faults(self.calls, seed)
        self.errors: deque[Exception] = deque(maxlen=_MAX_ERRORS)
        self.watchers: list[Callable[[], None]] = []
        self.remote_files = RemoteFiles()
        self.courier = Courier()
        self.lifecycle = Lifecycle(config.event_handlers, self.courier, self.record_error)
        self._on_error = config.on_error
        extra_fields = copy.deepcopy(settings.extra_fields)  # the one value that a test can mutate
        self._initial_settings = settings.model_copy(update={"extra_fields": extra_fields})
        self._is_checked = False
        self.clock.watch_due(self.lifecycle)
        self.clock.add_listener(self.history.clock_moved)

    def record_error(self, error: Exception) -> None:
        """Record an unexpected error of the fake."""
        self.errors.append(error)
        if self._on_error is not None:
            self._on_error(error)

    def take_errors(self) -> list[Exception]:
        """Return the errors since the last call, oldest first."""
        return [self.errors.popleft() for _ in range(len(self.errors))]

    def end_faults(self) -> str | None:
        """End the faults; return the failures that the test must report, if there are any."""
        failures = [self.faults.end()]
        if self.settings.strict and not self._is_checked:
            failures += [_strict_failure("match no operation", self.calls.unknown_operations())]
            failures += [_strict_failure("misuse the API", self.calls.warnings())]
        self._is_checked = True
        return "\n".join(text for text in failures if text) or None

    def reset(self) -> None:
        """Remove faults, calls, errors and history; reset clock and settings."""
        self.faults.clear()
        self.calls.reset()
        self.errors.clear()
        self.remote_files.clear()
        self.clock.reset()
        self.history.clear()
        for name, value in self._initial_settings.model_copy(deep=True):
            setattr(self.settings, name, value)

    def close(self) -> None:
        """Release held requests, and stop sending webhooks."""
        self.faults.clear()
        self.courier.close()


def _strict_failure(what: str, lines: list[str]) -> str | None:
    if not lines:
        return None
    return (
        f"These calls {what}:{''.join(lines)}\n"
        "  They fail the test because the setting strict is on. See docs/calls.md"
    )


def add_notes(failure: BaseException, errors: list[Exception]) -> None:
    """Add errors of the fake as notes to a failure that they may have caused."""
    for error in errors:
        text = "".join(traceback.format_exception(error))
        failure.add_note(f"The fake api.video failed before this:\n{text}")


def raise_all(errors: list[Exception]) -> None:
    """Raise the error, or several as an ExceptionGroup; without one do nothing."""
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise ExceptionGroup("the fake api.video failed several times", errors)
