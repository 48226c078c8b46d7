"""The webhooks of a project, as a test holds them: `apivideo.webhooks`."""

from __future__ import annotations

from fake_server.collection import Collection
from fake_server.deliveries import Delivery
from fake_server.project import Project
from fake_server.resources.webhooks import Webhook, deliver, withhold


class Webhooks(Collection[Webhook]):
    """The webhooks, oldest first, and their deliveries with the levers on those."""

    def __init__(self, project: Project) -> None:
        super().__init__(project, Webhook)

    @property
    def deliveries(self) -> list[Delivery]:
        """Every delivery, oldest first, with what came of it; waits for those under way."""
        self._project.drain()
        return list(self._project.store().table(Delivery))

    def deliver(self, *deliveries: Delivery) -> list[Delivery]:
        """Send all that are pending now, or these in this order; wait, and return them.

        One that was sent before is sent again. Raises KeyError for one that is not of this project.
        """
        wanted = [one.id for one in deliveries] or None
        return deliver(self._project.context(), wanted)

    def withhold(self, *deliveries: Delivery) -> None:
        """Send these never, unless `deliver` names them."""
        withhold(self._project.context(), [one.id for one in deliveries])
