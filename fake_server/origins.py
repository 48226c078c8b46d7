"""The sources of the fake's behavior: where it is known from that api.video does the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Origin = Literal["seen", "described", "documented", "inferred", "chosen"]

ORIGINS: dict[Origin, str] = {
    "seen": "the real service was seen to do so, at the date and public place in the source",
    "described": "api.video's OpenAPI description says so",
    "documented": "another page, guide or README of api.video says so",
    "inferred": "it follows from what is known, but no source states it",
    "chosen": "no source settles it: the fake makes a choice, or offers an option for tests",
}
"""The words for the kind of a source, strongest first."""


@dataclass(frozen=True)
class Source:
    """The source of an operation's behavior, with the word for its kind."""

    origin: Origin
    text: str


DESCRIPTION = Source("described", "api.video's OpenAPI descriptions of 2026-06-25")
