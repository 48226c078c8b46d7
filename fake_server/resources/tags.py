"""Tags: the words that videos are tagged with, and the number of videos with each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from fake_server.core.filters import resembles
from fake_server.core.listing import list_all
from fake_server.core.model import ReadOnly, Resource, field
from fake_server.core.operations import GET
from fake_server.project import Context
from fake_server.resources._video import Video


class Tag(Resource):
    """A tag, and the number of videos with it."""

    value: ReadOnly[str] = field(filter=resembles, sort=True, doc="The tag.")
    video_count: ReadOnly[int] = field(sort=True, doc="The number of videos with it.")


def count_tags(call: Context) -> Iterator[Tag]:
    """Count the videos with each tag."""
    videos = call.store.table(Video)
    counts = Counter(tag for video in videos for tag in set(video.tags))
    return (Tag(value=value, video_count=count) for value, count in counts.items())


OPERATIONS = (GET("/tags", list_all(Tag, rows=count_tags, by="value", descending=False)),)
