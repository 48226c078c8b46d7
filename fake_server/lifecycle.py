"""What time does to the resources of a project: the events that are due, each at its own moment.

Nothing happens in the background. Whoever moves the clock, and every request and lever that reads
it, first lets happen what became due.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
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
    """What happens when events of one name are due: `happen(context, subject)`, under the lock.

    While `counts` is false of the settings and the environment, such events wait; and those that
    `waits` is true of wait until somebody moves the clock, however late it is.
    """

    happen: Callable[[AnyProjectContext, str], None]
    counts: Callable[[Settings, Environment], bool] = lambda settings, environment: True
    waits: Callable[[Settings], bool] = lambda settings: False


class Lifecycle:
    """Lets happen what is due in the stores of the projects that share a clock."""

    def __init__(
        self,
        handlers: Mapping[str, EventHandler],
        courier: Courier,
        failed: Callable[[Exception], None],
    ) -> None:
        self.handlers = handlers
        self._courier = courier
        self._failed = failed
        self._places: tuple[_Place, ...] = ()

    def include(
        self, project: Any, settings: Settings, environment: Environment, store: Store
    ) -> None:
        """Let happen what is due in this store, too."""
        self._places = (*self._places, _Place(project, settings, environment, store))

    def upcoming(self) -> list[Due]:
        """What is due from now on, in order."""
        found = []
        for place in self._places:
            with place.store.lock:
                events = place.store.agenda.events()
            found += [due for due in events if self._counts(place, due.name)]
        return sorted(found)

    def next_ns(self) -> int | None:
        """The moment of what is due next; it may be past."""
        following = self._next(moving=True)
        return None if following is None else following[1].at_ns

    def run(self, until_ns: int, *, moving: bool = True) -> None:
        """Let happen what is due by then, in order; return when it has, with all deliveries.

        `moving`: the clock is being moved, which some deliveries wait for.
        """
        self._courier.join()
        while self._one(until_ns, moving=moving):
            self._courier.join()

    def run_due(self, now_ns: int) -> None:
        """Let happen what is due by now, for a request or lever that comes; deliveries go on.

        It waits for none of them, as their receiver may be the one who asks.
        """
        if any(place.store.agenda.next_ns <= now_ns for place in self._places):
            while self._one(now_ns, moving=False):
                pass

    def _one(self, until_ns: int, *, moving: bool) -> bool:
        """Let the first event that is due by then happen; False if there is none."""
        following = self._next(moving=moving)
        if following is None or following[1].at_ns > until_ns:
            return False
        place, due = following
        with place.store.lock:
            if self._first(place, moving=moving) != due:
                return True  # another thread was faster: look again
            place.store.agenda.drop(due.name, due.subject)
            try:
                self.handlers[due.name].happen(place.context(due.at_ns), due.subject)
            except Exception as error:
                error.add_note(f"while it was time for {due}")
                self._failed(error)
        return True

    def _next(self, *, moving: bool) -> tuple[_Place, Due] | None:
        firsts = [(place, self._first(place, moving=moving)) for place in self._places]
        return min(((p, due) for p, due in firsts if due), key=itemgetter(1), default=None)

    def _first(self, place: _Place, *, moving: bool) -> Due | None:
        def counts(name: str) -> bool:
            return self._counts(place, name) and (
                moving or not self.handlers[name].waits(place.settings)
            )

        with place.store.lock:
            return place.store.agenda.first(counts)

    def _counts(self, place: _Place, name: str) -> bool:
        return self.handlers[name].counts(place.settings, place.environment)


@dataclass(frozen=True)
class _Place:
    """One environment of a project."""

    project: Any
    settings: Settings
    environment: Environment
    store: Store

    def context(self, now_ns: int) -> AnyProjectContext:
        return ProjectContext(self.project, self.environment, self.settings, self.store, now_ns)
