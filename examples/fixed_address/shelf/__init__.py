"""A program with the addresses of api.video in its source, as in most programs."""

from shelf.shelf import KeyRefused, Shelf, Video
from shelf.uploads import upload

__all__ = ["KeyRefused", "Shelf", "Video", "upload"]
