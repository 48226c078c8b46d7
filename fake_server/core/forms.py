"""Multipart forms with one file, under any field name.

A small file is read into memory; a large one is written to the disk as it arrives.
"""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import PurePosixPath
from typing import IO, Any

from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.formparser import FormDataParser

from fake_server.core import problems
from fake_server.core.context import Context
from fake_server.core.files import File, FileRule, KiB
from fake_server.core.images import image_size, image_type
from fake_server.core.spool import Incoming, Spool

_CONTENT_TYPE = re.compile(r"[\w.+-]{1,63}/[\w.+-]{1,63}", re.ASCII)
_UNKNOWN = "application/octet-stream"
_MAX_OVERHEAD = 64 * KiB  # bytes: boundaries, headers, text fields
_MAX_BUFFERED = 256 * KiB  # bytes of a form in memory at once: four reads of the parser
_MAX_PARTS = 100  # the file included
_TOO_MANY_FIELDS = f"A form may have up to {_MAX_PARTS - 1} fields besides its file, all short."


class RecordedStream:
    """The body of a request that is read as a form; `recorded` is its first `limit` bytes."""

    def __init__(self, body: IO[bytes], limit: int) -> None:
        self._body = body
        self._limit = limit
        self.recorded = b""

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes of the body."""
        data = self._body.read(size)
        if len(self.recorded) < self._limit:
            self.recorded += data[: self._limit - len(self.recorded)]
        return data


def received_file(call: Context[Any]) -> File:
    """Return the file of the call's form. Raises as `received_form`."""
    return received_form(call)[0]


def received_form(call: Context[Any]) -> tuple[File, Mapping[str, str]]:
    """Return the file of the call's form, and its text fields.

    Raises the problem of a form with no file, with several, or with one that is empty or breaks the
    operation's rule.
    """
    rule = _rule(call)
    part, fields = _parse(call, rule.max_bytes, lambda: _LimitedBuffer(rule.max_bytes))
    name = part.filename or ""
    content = part.stream.read()
    file = File(name, _content_type(name, part.mimetype, content), content)
    if not file.content:
        raise problems.empty_file()
    if rule.types and not _has_type(file, rule.types):
        raise problems.invalid_extension(rule.type_names or rule.types)
    if rule.pixels and not _fits(file, rule.pixels):
        raise problems.invalid_file("The image may have {} x {} pixels.".format(*rule.pixels))
    return file, fields


class _LimitedBuffer(BytesIO):
    """A small file as it arrives. Raises the problem of one that is too large."""

    def __init__(self, max_bytes: int) -> None:
        super().__init__()
        self._max_bytes = max_bytes

    def write(self, data: Any) -> int:
        if self.tell() + len(data) > self._max_bytes:
            raise problems.file_too_large()
        return super().write(data)


@dataclass
class Upload:
    """A large file on the disk, with its name and the form's text fields."""

    name: str
    file: Incoming
    fields: Mapping[str, str]


@contextmanager
def received_upload(call: Context[Any], spool: Spool) -> Iterator[Upload]:
    """Yield the large file of the call's form, in the spool; delete it afterwards unless kept.

    Raises the problem of a form with no file, with several, or with an empty or too large one.
    """
    max_bytes, max_disk = _rule(call).max_bytes, call.settings.max_disk
    opened: list[Incoming] = []

    def receive() -> Incoming:
        opened.append(spool.receive(max_bytes, max_disk))
        return opened[-1]

    try:
        part, fields = _parse(call, max_bytes, receive)
        if not opened[0].size:
            raise problems.empty_file()
        yield Upload(part.filename or "", opened[0], fields)
    finally:
        for file in opened:
            file.discard()


def _rule(call: Context[Any]) -> FileRule:
    rule = call.operation.file_rule
    assert rule is not None  # of an operation with a handler that reads a form
    return rule


def _parse(
    call: Context[Any], max_bytes: int, new_stream: Callable[[], Any]
) -> tuple[Any, Mapping[str, str]]:
    """Return the form's file and fields; a second file ends the reading."""
    request, count = call.request, 0
    if request.mimetype != "multipart/form-data":
        raise problems.no_file()

    def stream(*_: Any, **__: Any) -> Any:
        nonlocal count
        count += 1
        if count > 1:
            raise problems.multiple_files()
        return new_stream()

    length, max_length = request.content_length, max_bytes + _MAX_OVERHEAD
    if (length or 0) > max_length:
        raise problems.file_too_large()
    request.max_content_length = max_length
    parser = FormDataParser(
        stream,
        max_content_length=max_length,
        max_form_memory_size=_MAX_BUFFERED,
        max_form_parts=_MAX_PARTS,
        silent=False,
    )
    try:
        _, fields, files = parser.parse(
            request.stream, request.mimetype, length, request.mimetype_params
        )
    except RequestEntityTooLarge:
        raise problems.invalid_payload(_TOO_MANY_FIELDS) from None
    except UnicodeDecodeError:
        raise problems.invalid_payload("The names in a form must be UTF-8.") from None
    except (HTTPException, ValueError):
        raise problems.invalid_payload("The body is not a valid multipart form.") from None
    if not files:
        raise problems.no_file()
    return next(iter(files.values())), fields


def _content_type(name: str, declared: str, content: bytes) -> str:
    """Return the part's content type or, if it is generic, guess it from the name and bytes."""
    if declared != _UNKNOWN and _CONTENT_TYPE.fullmatch(declared):
        return declared
    return mimetypes.guess_type(name, strict=False)[0] or image_type(content) or _UNKNOWN


def _has_type(file: File, types: tuple[str, ...]) -> bool:
    """Check the type of a file; one of unknown type passes.

    The official Node client sends a stream under the name `file`, without a type.
    """
    extension = PurePosixPath(file.name).suffix.removeprefix(".").lower()
    subtype = file.content_type.partition("/")[2].lower()
    is_unknown = not extension and file.content_type == _UNKNOWN
    return is_unknown or extension in types or subtype in types


def _fits(file: File, pixels: tuple[int, int]) -> bool:
    width, height = image_size(file.content) or (0, 0)
    return width <= pixels[0] and height <= pixels[1]
