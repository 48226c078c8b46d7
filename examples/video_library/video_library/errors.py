"""The exceptions of the library.

LibraryError
├── ConfigError   an environment variable is missing or invalid
├── KeyRefused    api.video refused the API key
├── Unreachable   api.video did not answer
└── ApiError      api.video answered with a problem
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import requests


class LibraryError(Exception):
    """The base of all expected errors; its text can be shown to a user."""


class ConfigError(LibraryError):
    """A setting is missing or invalid."""


class KeyRefused(LibraryError):  # noqa: N818 - it reads better without "Error"
    """api.video refused the API key, so a retry is useless."""

    def __init__(self, environment: str, base_url: str) -> None:
        super().__init__(
            f"the {environment} environment at {base_url} refused the API key. "
            "Keys work in one environment only: is it a key of the other one, or was it disabled?"
        )


class Unreachable(LibraryError):  # noqa: N818 - as above
    """There was no answer: no network, an unknown host, or a timeout."""

    def __init__(self, base_url: str, reason: Exception) -> None:
        super().__init__(f"no answer from {base_url}: {reason}")


@dataclass(frozen=True)
class Problem:
    """One problem of a request; `name` is the invalid attribute or parameter."""

    title: str
    name: str | None = None
    detail: str | None = None

    def __str__(self) -> str:
        named = f"{self.name}: {self.title}" if self.name else self.title
        return f"{named} {self.detail}" if self.detail else named

    @classmethod
    def read(cls, body: dict[str, Any]) -> Problem:
        """Create a problem from api.video's JSON object, or from one of its `problems`."""
        title = body.get("title") or "api.video gave no reason."
        return cls(title, body.get("name"), body.get("detail"))


class ApiError(LibraryError):
    """An answer with an error status, and its `title`, `name`, `detail` and `problems`."""

    def __init__(self, status: int, problems: list[Problem]) -> None:
        self.status = status
        self.problems = problems
        self.title, self.name, self.detail = problems[0].title, problems[0].name, problems[0].detail
        super().__init__(f"{status} " + "; ".join(map(str, problems)))

    @classmethod
    def read(cls, response: requests.Response) -> ApiError:
        """Create an error from an answer, which may be a proxy's error page without a problem."""
        try:
            body = response.json()
        except requests.JSONDecodeError:
            body = {}
        if not isinstance(body, dict) or not body:
            body = {"title": response.reason}
        found = body.get("problems") or [body]
        return cls(response.status_code, [Problem.read(one) for one in found])
