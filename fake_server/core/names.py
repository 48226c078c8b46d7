"""The names of all operations, and suggestions for misspelt ones."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

from fake_server.core.operations import canonical


class Names:
    """The names of all operations; the names of path parameters do not matter."""

    def __init__(self, operations: Iterable[str]) -> None:
        self._operations = {canonical(name): name for name in operations}

    def knows(self, name: str) -> bool:
        """Check for an operation's name, its HEAD or OPTIONS, a concrete path, or a `*` pattern."""
        if canonical(name) in self._operations:
            return True
        if "*" in name:
            return any(matches(name, request, request) for request in self._requests())
        method, _, path = name.partition(" ")
        return " -> " not in path and any(
            method == known and re.fullmatch(template, canonical(path))
            for known, template in map(_method_and_regex, self._requests())
        )

    def _requests(self) -> Iterator[str]:
        """Yield all operations, and the HEAD and OPTIONS requests that HTTP adds."""
        for operation in self._operations.values():
            method, path = operation.split(" ", 1)
            yield operation
            yield f"OPTIONS {path}"
            if method == "GET":
                yield f"HEAD {path}"

    def suggest(self, name: str) -> list[str]:
        """Return up to three operations with similar names, the most similar first."""
        candidates = {_without_ids(known): known for known in self._operations.values()}
        method, space, path = name.partition(" ")
        wanted = _without_ids(f"{method.upper()}{space}{path}")
        return [candidates[key] for key in difflib.get_close_matches(wanted, candidates, 3, 0.5)]

    def lookup_error(self, name: str, remark: str = "") -> LookupError:
        """Create the error for an unknown name; `remark` follows its first clause."""
        if "->" in name:
            hint = " Only assert_sequence() takes a status; elsewhere check call.status."
        else:
            hint = did_you_mean(self.suggest(name))
            hint += "" if " " in name else ' Write it like "GET /videos/{videoId}".'
        return LookupError(f"{name!r} is not an operation of the fake{remark}.{hint}")


def did_you_mean(names: list[str]) -> str:
    """Return a question with the suggested names, or nothing without any."""
    return f" Did you mean {' or '.join(names)}?" if names else ""


def matches(pattern: str, operation: str, request: str) -> bool:
    """Check a name against a request's operation, and against its own method and path.

    The name is an operation's, or a method with a concrete path, or has a `*` for any text.
    """
    if "*" in pattern:
        literal = re.sub(r"[\[?]", r"[\g<0>]", pattern)  # escape fnmatch's other wildcards
        return any(fnmatchcase(name, literal) for name in (operation, request))
    return pattern == request or canonical(pattern) == canonical(operation)


def _method_and_regex(request: str) -> tuple[str, str]:
    method, path = canonical(request).split(" ", 1)
    return method, re.escape(path).replace(r"\{\}", "[^/]+")


def _without_ids(name: str) -> str:
    """Replace what may be an id, or a parameter, so that it counts little in a comparison."""
    return re.sub(r"/[A-Za-z]*\d[\w-]{7,}", "/{}", canonical(name))
