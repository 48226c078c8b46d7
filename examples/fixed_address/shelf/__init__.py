"""A shelf of videos on api.video, as most programs are: the addresses stand in the source."""

from shelf.shelf import KeyRefused, Shelf, Video
from shelf.uploads import upload

__all__ = ["KeyRefused", "Shelf", "Video", "upload"]
