"""Lists: a page out of 10,000 videos beside a page out of 100, over HTTP."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from benchmarks.clients import Ask, Send, by_urllib3
from benchmarks.measure import Rounds, paired, typical_seconds
from benchmarks.report import Aim, Finding, by_ratio
from fake_server import FakeServer, Settings
from fake_server.project import Project
from fake_server.resources.videos import Video

FEW, MANY = 100, 10_000
ROUNDS = 15
CALLS = 20
CHANGED_CALLS = 3
TOPICS = ("history", "music", "physics", "sport")
BEGIN = datetime(2030, 1, 1, tzinfo=UTC)

QUESTIONS = {
    "a page": ("/videos?currentPage={page}", Aim(2)),
    "by title": ("/videos?title=MUSIC&pageSize=5&currentPage={page}", Aim(4)),
    "by tag": ("/videos?tags[]=music&pageSize=5&currentPage={page}", Aim(4)),
}
"""What is asked of the lists; pages 1 to 4 in turn."""


@dataclass(frozen=True)
class Library:
    """A project with many or few videos."""

    url: str
    project: Project
    headers: dict[str, str]

    def pages(self, send: Send, path: str) -> Callable[[], bytes]:
        """Ask for one page after the other."""
        ask, pages = Ask("GET", path, self.headers), itertools.cycle(range(1, 5))
        return lambda: send(self.url, replace(ask, path=path.format(page=next(pages))))

    def changed_pages(self, send: Send, path: str) -> Callable[[], bytes]:
        """Ask for pages of a list that has changed since the last one."""
        ask, table = self.pages(send, path), self.project.store().table(Video)
        video = next(iter(table))

        def change_and_ask() -> bytes:
            table.put(video)
            return ask()

        return change_and_ask


def run(rounds: Rounds) -> Iterator[Finding]:
    """Pages of an unchanged list, which have aims; then the first page after a change."""
    with FakeServer() as server, by_urllib3() as send:
        large, small = (_library(server, videos) for videos in (MANY, FEW))
        count = rounds.count(ROUNDS)
        for name, (path, aim) in QUESTIONS.items():
            ours, theirs = (
                typical_seconds(side.pages(send, path), CALLS) for side in (large, small)
            )
            found = paired(ours, theirs, count)
            yield by_ratio(f"{name} of {MANY:,} (beside: of {FEW})", found, aim)
        for name, (path, _) in QUESTIONS.items():
            ours, theirs = (
                typical_seconds(side.changed_pages(send, path), CHANGED_CALLS)
                for side in (large, small)
            )
            yield by_ratio(f"{name}, after a change (as above)", paired(ours, theirs, count))


def _library(server: FakeServer, videos: int) -> Library:
    project = server.projects.create(f"{videos} videos", Settings())
    table = project.store().table(Video)
    for number in range(videos):
        table.put(_video(number))
    apivideo = server.handle(project)
    token = apivideo.tokens.issue().access_token
    return Library(apivideo.url, project, {"Authorization": f"Bearer {token}"})


def _video(number: int) -> Video:
    topic, moment = TOPICS[number % len(TOPICS)], BEGIN + timedelta(minutes=number)
    return Video(
        video_id=f"vi{number:022}",
        title=f"A lesson on {topic}, part {number}",
        published_at=moment,
        created_at=moment,
        updated_at=moment,
        tags=["lesson", topic],
    )
