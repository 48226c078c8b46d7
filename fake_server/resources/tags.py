"""Tags: the words that videos are marked with, and how many videos carry each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from fake_server.core.filters import resembles
from fake_server.core.listing import list_all
from fake_server.core.model import ReadOnly, Resource, field
from fake_server.core.operations import GET
from fake_server.project import Context
from fake_server.resources.videos import Video


class Tag(Resource):
    """A word, and the number of videos that carry it."""

    value: ReadOnly[str] = field(filter=resembles, sort=True, doc="The word.")
    video_count: ReadOnly[int] = field(sort=True, doc="How many videos carry it.")


def count_tags(call: Context) -> Iterator[Tag]:
    """Every tag of the videos that are there now."""
    videos = call.store.table(Video)
    counts = Counter(tag for video in videos for tag in set(video.tags))
    return (Tag(value=value, video_count=count) for value, count in counts.items())


OPERATIONS = (GET("/tags", list_all(Tag, rows=count_tags, by="value", descending=False)),)
