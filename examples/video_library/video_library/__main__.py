"""The command line: `python -m video_library list` and `python -m video_library add TITLE`."""

from __future__ import annotations

import argparse
import sys

from video_library.client import Client
from video_library.config import Config
from video_library.errors import LibraryError
from video_library.library import Library, Video


def main() -> int:
    """Run the command, and return the exit code: 1 after an error."""
    arguments = _parser().parse_args()
    try:
        with Client(Config.from_environment()) as client:
            library = Library(client)
            if arguments.command == "add":
                videos = [library.publish(arguments.title, arguments.tag)]
            else:
                videos = library.catalogue()
    except LibraryError as error:
        print(f"video_library: {error}", file=sys.stderr)
        return 1
    for video in videos:
        print(_line(video))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="video_library", description="A library on api.video.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="list all videos")
    add = commands.add_parser("add", help="add a video")
    add.add_argument("title")
    add.add_argument("--tag", action="append", default=[], help="may be given more than once")
    return parser


def _line(video: Video) -> str:
    tags = "".join(f" #{tag}" for tag in video.tags)
    return f"{video.id}  {video.title}{tags}"


if __name__ == "__main__":
    sys.exit(main())
