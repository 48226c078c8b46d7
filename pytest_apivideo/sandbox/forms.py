"""The video that the body of a request names; ambiguous bodies are errors."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from typing import IO, Any

from werkzeug.formparser import FormDataParser
from werkzeug.http import parse_options_header

from pytest_apivideo.sandbox.kinds import VIDEO
from pytest_apivideo.sandbox.upstream import Outgoing

_FORM = "multipart/form-data"


class UnreadableError(ValueError):
    """Raised for a body that does not name its video unambiguously; says why."""


@dataclass(frozen=True)
class Form:
    """The video that a delegated upload names, and the names of its files."""

    video: str | None
    files: tuple[str, ...]


def form_of(outgoing: Outgoing) -> Form:
    """Return the form of a delegated upload. Raises UnreadableError."""
    sent = {name.lower(): value for name, value in outgoing.headers}
    kind, options = parse_options_header(sent.get("content-type"))
    if kind != _FORM or "boundary" not in options:
        raise UnreadableError(f"a delegated upload is a form of the type {_FORM}, with a boundary")
    parser = FormDataParser(_nowhere, None, silent=False)
    body = io.BytesIO(outgoing.body)
    try:
        _, fields, files = parser.parse(body, kind, len(outgoing.body), options)
    except ValueError as error:
        raise UnreadableError(f"its form cannot be read ({error})") from None
    names = [*fields, *files]
    if any(VIDEO.identifier.lower() in name.lower() for name in names if name != VIDEO.identifier):
        raise UnreadableError(f"a field's name is almost {VIDEO.identifier}")
    named = fields.getlist(VIDEO.identifier)
    if len(named) > 1 or VIDEO.identifier in files:
        raise UnreadableError(f"{VIDEO.identifier} is not one field of text")
    uploaded = tuple(file.filename or "" for _, file in files.items(multi=True))
    return Form(named[0] if named else None, uploaded)


def video_in_json(body: bytes) -> str | None:
    """Return the video that a JSON object names, if any. Raises UnreadableError."""
    try:
        found = json.loads(body or b"{}", object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise UnreadableError(f"its body is not a JSON object ({error})") from None
    if not isinstance(found, dict):
        raise UnreadableError("its body is not a JSON object")
    named = found.get(VIDEO.identifier)
    if named is not None and not isinstance(named, str):
        raise UnreadableError(f"{VIDEO.identifier} is not a text")
    return named


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) < len(pairs):
        raise ValueError("it has a name twice")
    return dict(pairs)


class _Nowhere(io.RawIOBase):
    """A stream that discards what is written to it."""

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        return len(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        return 0


def _nowhere(*_: Any, **__: Any) -> IO[bytes]:
    return _Nowhere()  # type: ignore[return-value] # all that the parser does with a file
