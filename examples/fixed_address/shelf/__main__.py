"""The command line: `python -m shelf` lists the videos of the account in `API_VIDEO_KEY`."""

from __future__ import annotations

import os
import sys

from shelf.shelf import KeyRefused, Shelf


def main() -> int:
    """List the videos, and return the exit code: 1 if the key is refused."""
    environment = os.environ.get("API_VIDEO_ENVIRONMENT", "production")
    shelf = Shelf(os.environ["API_VIDEO_KEY"], environment)
    try:
        for video in shelf:
            print(f"{video.id}  {video.title}")
    except KeyRefused as refused:
        print(f"shelf: {refused}", file=sys.stderr)
        return 1
    finally:
        shelf.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
