"""The events that time brings about: each runs when it is due, at its own time.

There is no background thread: moving the clock, and every request and every read of the handle,
first runs the events that are due.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import Any

from fake_server.clock import Due
from fake_server.core.context import ProjectContext
from fake_server.core.store import Store
from fake_server.deliveries import Courier
from fake_server.settings import Environment, Settings

AnyProjectContext = ProjectContext[Any]


@dataclass(frozen=True)
class EventHandler:
    """The handler of the events of one name: `run(context, subject)`, under the store's lock.

    Events are postponed while `enabled` is false for the settings and the environment. Those that
    are `deferred` wait until the clock is moved, even when they are overdue.
    """

    run: Callable[[AnyProjectContext, str], None]
    enabled: Callable[[Settings, Environment], bool] = lambda settings, environment: True
    deferred: Callable[[Settings], bool] = lambda settings: False


class Lifecycle:
    """The due events in the stores of the projects that share a clock."""

    def __init__(
        self,
        handlers: Mapping[str, EventHandler],
        courier: Courier,
        failed: Callable[[Exception], None],
    ) -> None:
        self.handlers = handlers
        self._courier = courier
        self._failed = failed
        self._places: tuple[AnyProjectContext, ...] = ()

    def include(
        self, project: Any, settings: Settings, environment: Environment, store: Store
    ) -> None:
        """Also run the events of this store."""
        place = ProjectContext(project, environment, settings, store, now_ns=0)
        self._places = (*self._places, place)

    def upcoming(self) -> list[Due]:
        """Return all events that will happen, in order."""
        events = []
        for place in self._places:
            with place.store.lock:
                planned = place.store.agenda.events()
            events += [due for due in planned if self._is_enabled(place, due.name)]
        return sorted(events)

    def next_ns(self) -> int | None:
        """Return the time of the next event, which may be past, or None."""
        following = self._next(moving=True)
        return None if following is None else following[1].at_ns

    def run(self, until_ns: int, *, moving: bool = True) -> None:
        """Run what is due by then, in order, and wait for all deliveries.

        `moving`: the clock is being moved, so deferred events run too.
        """
        self._courier.join()
        while self._run_one(until_ns, moving=moving):
            self._courier.join()

    def run_due(self, now_ns: int) -> None:
        """Run what is due by now, without waiting for deliveries.

        The receiver of a delivery may be the caller.
        """
        if any(place.store.agenda.next_ns <= now_ns for place in self._places):
            while self._run_one(now_ns, moving=False):
                pass

    def _run_one(self, until_ns: int, *, moving: bool) -> bool:
        """Run the first event that is due by then; return False if no event is."""
        following = self._next(moving=moving)
        if following is None or following[1].at_ns > until_ns:
            return False
        place, due = following
        with place.store.lock:
            if self._first(place, moving=moving) != due:
                return True  # another thread has run it
            place.store.agenda.drop(due.name, due.subject)
            try:
                self.handlers[due.name].run(replace(place, now_ns=due.at_ns), due.subject)
            except Exception as error:
                error.add_note(f"while running the due event {due}")
                self._failed(error)
        return True

    def _next(self, *, moving: bool) -> tuple[AnyProjectContext, Due] | None:
        firsts = [(place, self._first(place, moving=moving)) for place in self._places]
        return min(((p, due) for p, due in firsts if due), key=itemgetter(1), default=None)

    def _first(self, place: AnyProjectContext, *, moving: bool) -> Due | None:
        def runs_now(name: str) -> bool:
            deferred = not moving and self.handlers[name].deferred(place.settings)
            return self._is_enabled(place, name) and not deferred

        with place.store.lock:
            return place.store.agenda.first(runs_now)

    def _is_enabled(self, place: AnyProjectContext, name: str) -> bool:
        return self.handlers[name].enabled(place.settings, place.environment)
