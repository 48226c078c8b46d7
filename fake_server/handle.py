"""The handle on a project: what a test holds as `apivideo`."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from fake_server.account import raise_all
from fake_server.auth.keys import Keys
from fake_server.auth.tokens import Tokens
from fake_server.calls import Calls
from fake_server.clock import Clock
from fake_server.collection import Collection
from fake_server.core.remote import RemoteFiles
from fake_server.core.spool import Content
from fake_server.faults import Fault, FaultRequest, Faults, Matcher
from fake_server.project import Project, Snapshot
from fake_server.rate_limits import CallClass
from fake_server.resources import COLLECTIONS
from fake_server.resources.analytics import AnalyticsEvent
from fake_server.resources.captions import Caption
from fake_server.resources.chapters import Chapter
from fake_server.resources.discarded_videos import DiscardedVideo
from fake_server.resources.live_streams import LiveStreams
from fake_server.resources.player_themes import PlayerTheme
from fake_server.resources.summaries import Summary
from fake_server.resources.upload.sources import ReceivedSource
from fake_server.resources.upload_tokens import UploadToken
from fake_server.resources.videos import Videos
from fake_server.resources.watermarks import Watermark
from fake_server.resources.webhooks import Webhooks
from fake_server.settings import Environment, Settings
from fake_server.time_values import Duration


class ApiVideo:
    """A whole api.video account for a test, and the levers that control it.

    `url` is the address of the API (no slash at the end).
    """

    analytics: Collection[AnalyticsEvent]
    captions: Collection[Caption]
    chapters: Collection[Chapter]
    discarded_videos: Collection[DiscardedVideo]
    live_streams: LiveStreams
    players: Collection[PlayerTheme]
    summaries: Collection[Summary]
    upload_tokens: Collection[UploadToken]
    videos: Videos
    watermarks: Collection[Watermark]
    webhooks: Webhooks

    def __init__(self, url: str, project: Project) -> None:
        self.url = url
        self._project = project

    def __repr__(self) -> str:
        return f"<ApiVideo {self.url} {self._project.id}>"

    @property
    def api_key(self) -> str:
        """An API key of the environment that requests to `url` reach."""
        return self._project.keys.first(self.settings.environment).value

    @property
    def sandbox_key(self) -> str:
        """An API key of the sandbox environment."""
        return self._project.keys.first("sandbox").value

    @property
    def production_key(self) -> str:
        """An API key of the production environment."""
        return self._project.keys.first("production").value

    @property
    def admin_key(self) -> str:
        """The key of the Admin API, for Basic authentication."""
        return self._project.admin_key.value

    @property
    def keys(self) -> Keys:
        """The API keys: add, disable, enable, remove."""
        return self._project.keys

    @property
    def clock(self) -> Clock:
        """The clock that decides what has expired."""
        return self._project.clock

    @property
    def settings(self) -> Settings:
        """The settings of this fake; assign to change one."""
        return self._project.settings

    @property
    def tokens(self) -> Tokens:
        """The access and refresh tokens: issue, list, expire, revoke."""
        return self._project.tokens

    @property
    def calls(self) -> Calls:
        """The recorded requests with their answers."""
        return self._project.account.calls

    @property
    def faults(self) -> Faults:
        """The active faults, created by `on`."""
        return self._project.account.faults

    def on(
        self,
        operation: str,
        *,
        nth: int | None = None,
        part: int | None = None,
        times: int | None = None,
        probability: float | None = None,
        where: Callable[[FaultRequest], object] | None = None,
        optional: bool = False,
    ) -> Fault:
        """Make requests of an operation fail: `apivideo.on("GET /videos", times=2).respond(503)`.

        `operation` is a name (`"GET /videos/{videoId}"`), a concrete path, or a pattern in which
        `*` matches any text. The fault fires for each matching request from now on. `nth` limits it
        to one of them, `times` to a number of them, `part` to a part of an upload, `probability` to
        a random share, the same in each run, and `where` to those for which the function returns
        true. It ends with the test, which fails if it never fired, unless `optional` is true. See
        docs/faults.md.

        Raises LookupError for an unknown operation, ValueError for an invalid number.
        """
        matcher = Matcher(
            operation,
            nth=nth,
            part=part,
            times=times,
            probability=probability,
            where=where,
            optional=optional,
        )
        return self._project.account.faults.add(matcher, _line_of(sys._getframe(1)))

    def enforce_limits(self, environment: Environment | None) -> None:
        """Refuse requests above the rate limits of an environment with 429; None refuses none.

        Raises SettingError for an invalid environment.
        """
        self.settings.rate_limits = environment

    def rate_limit(
        self, calls: CallClass, *, remaining: int = 0, retry_after: Duration = 60
    ) -> None:
        """Set the remaining quota of a call class ("reads", "writes", "uploads"); then answer 429.

        It ends after `retry_after` seconds of the clock (a number or a timedelta). Raises
        ValueError for an invalid class, number of calls or duration.
        """
        environment = self.settings.environment
        self._project.rate_limits.set_remaining(calls, remaining, retry_after, environment)

    def __getattr__(self, name: str) -> Collection[Any]:
        """Return the collection of a resource by its name, such as `apivideo.videos`."""
        if name not in COLLECTIONS:
            raise AttributeError(_missing(name))
        return COLLECTIONS[name](self._project)

    @property
    def remote_files(self) -> RemoteFiles:
        """The files at the URLs that videos are created from; the fake opens no such URL."""
        return self._project.account.remote_files

    def content(self, video_id: str) -> Content:
        """Return the received content of a video: `size` in bytes, `sha256`, `read()`, `pieces()`.

        Raises KeyError for an unknown video.
        """
        source = self._project.store().table(ReceivedSource).get(self.videos[video_id].id)
        return Content(()) if source is None else source.received.content

    @property
    def disk_use(self) -> int:
        """The bytes of uploaded files that this project keeps on disk."""
        return self._project.spool.used

    def snapshot(self) -> Snapshot:
        """Return the current resources, for `restore`."""
        return self._project.snapshot()

    def restore(self, snapshot: Snapshot) -> None:
        """Return to the resources of a snapshot."""
        self._project.restore(snapshot)

    def watch(self, watcher: Callable[[], None]) -> None:
        """Call the watcher at each request of this project, in the thread that serves it."""
        self._project.account.watchers.append(watcher)

    def check(self) -> None:
        """Raise the unexpected errors of the fake, if any; several as an ExceptionGroup."""
        raise_all(self._project.account.take_errors())


def _line_of(frame: FrameType) -> str:
    return f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}"


def _missing(name: str) -> str:
    """Return the message for an attribute that the handle does not have."""
    own = [known for known in dir(ApiVideo) if not known.startswith("_")]
    close = difflib.get_close_matches(name, [*own, *COLLECTIONS], n=1)
    hint = f" Did you mean {close[0]}?" if close else ""
    if name[:1].isupper() or name in ("api", "model", "exceptions", "auth_api_client"):
        hint = " That is in the SDK's module of the same name: import apivideo as sdk."
    collections = ", ".join(sorted(COLLECTIONS))
    return f"ApiVideo has no attribute {name!r}.{hint} Its collections are: {collections}"
