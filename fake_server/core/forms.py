"""Multipart forms with one file: read within bounds, under whatever name the file has.

A small file comes into memory; a large one goes to the disk as it arrives.
"""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Callable, Collection, Iterator, Mapping
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
_ROOM_FOR_THE_FORM = 64 * KiB  # bytes: boundaries, headers, and fields beside the file
_MAX_BUFFERED = 256 * KiB  # bytes of a form that are in memory at once: four reads of the parser
_MAX_PARTS = 100  # fields beside the file
_TOO_MUCH_BESIDE = f"Beside its file a form may have {_MAX_PARTS - 1} fields, short ones."


class RecordedStream:
    """The body of a request that is read as a form, and its first bytes for the record."""

    def __init__(self, body: IO[bytes], most: int) -> None:
        self._body = body
        self._most = most
        self.heard = b""

    def read(self, size: int = -1) -> bytes:
        """The next bytes of the body."""
        data = self._body.read(size)
        if len(self.heard) < self._most:
            self.heard += data[: self._most - len(self.heard)]
        return data


def received_file(call: Context[Any]) -> File:
    """The one file of the call's form, under whatever name the form has it.

    Raises the problem of a form with no file, several, an empty, a too large or a wrong one, as the
    operation's rule has it.
    """
    return received_form(call)[0]


def received_form(call: Context[Any]) -> tuple[File, Mapping[str, str]]:
    """The one file of the call's form, and the fields beside it; raises as `received_file`."""
    rule = _rule(call)
    sent, fields = _parsed(call, rule.most, lambda: _Bounded(rule.most))
    name = sent.filename or ""
    content = sent.stream.read()
    file = File(name, _content_type(name, sent.mimetype, content), content)
    if not file.content:
        raise problems.empty_file()
    if rule.types and not _may_be(file, rule.types):
        raise problems.invalid_extension(rule.told or rule.types)
    if rule.pixels and not _fits(file, rule.pixels):
        raise problems.invalid_file("The image may have {} x {} pixels.".format(*rule.pixels))
    return file, fields


class _Bounded(BytesIO):
    """A small file on its way in; raises the problem of one that is too large."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def write(self, data: Any) -> int:
        if self.tell() + len(data) > self._most:
            raise problems.file_too_large()
        return super().write(data)


@dataclass
class Upload:
    """A large file that has arrived: under which name, where it is, and the fields beside it."""

    name: str
    file: Incoming
    fields: Mapping[str, str]


@contextmanager
def received_upload(call: Context[Any], spool: Spool) -> Iterator[Upload]:
    """The one large file of the call's form, in the spool; gone after the block, unless kept.

    Raises the problem of a form with no file, several, an empty or a too large one.
    """
    most, room = _rule(call).most, call.settings.max_disk
    opened: list[Incoming] = []

    def receive() -> Incoming:
        opened.append(spool.receive(most, room))
        return opened[-1]

    try:
        sent, fields = _parsed(call, most, receive)
        if not opened[0].size:
            raise problems.empty_file()
        yield Upload(sent.filename or "", opened[0], fields)
    finally:
        for file in opened:
            file.discard()


def _rule(call: Context[Any]) -> FileRule:
    rule = call.operation.takes
    assert rule is not None  # the table says what the operation takes
    return rule


def _parsed(
    call: Context[Any], most: int, new_stream: Callable[[], Any]
) -> tuple[Any, Mapping[str, str]]:
    """The one file of the form and its fields; at a second file the reading ends."""
    request, count = call.request, 0
    if request.mimetype != "multipart/form-data":
        raise problems.no_file()

    def stream(*_: Any, **__: Any) -> Any:
        nonlocal count
        count += 1
        if count > 1:
            raise problems.multiple_files()
        return new_stream()

    if (request.content_length or 0) > most + _ROOM_FOR_THE_FORM:
        raise problems.file_too_large()
    request.max_content_length = most + _ROOM_FOR_THE_FORM
    parser = FormDataParser(
        stream,
        max_content_length=most + _ROOM_FOR_THE_FORM,
        max_form_memory_size=_MAX_BUFFERED,
        max_form_parts=_MAX_PARTS,
        silent=False,
    )
    told = (request.mimetype, request.content_length, request.mimetype_params)
    try:
        _, fields, files = parser.parse(request.stream, *told)
    except RequestEntityTooLarge:
        raise problems.invalid_payload(_TOO_MUCH_BESIDE) from None
    except UnicodeDecodeError:
        raise problems.invalid_payload("The names in a form are UTF-8.") from None
    except (HTTPException, ValueError):
        raise problems.invalid_payload("The body is no multipart form.") from None
    if not files:
        raise problems.no_file()
    return next(iter(files.values())), fields


def _content_type(name: str, told: str, content: bytes) -> str:
    """What the client said of the part or, as some say nothing of use, what name and bytes say."""
    if told != _UNKNOWN and _CONTENT_TYPE.fullmatch(told):
        return told
    return mimetypes.guess_type(name, strict=False)[0] or image_type(content) or _UNKNOWN


def _may_be(file: File, types: Collection[str]) -> bool:
    """Whether a file is of one of these types, or nothing tells of what type it is.

    The official Node client sends a stream as `file`, of no type.
    """
    extension = _extension(file.name)
    if not extension and file.content_type == _UNKNOWN:
        return True
    return not {extension, _subtype(file.content_type)}.isdisjoint(types)


def _fits(file: File, most: tuple[int, int]) -> bool:
    width, height = image_size(file.content) or (0, 0)
    return width <= most[0] and height <= most[1]


def _extension(name: str) -> str:
    return PurePosixPath(name).suffix.removeprefix(".").lower()


def _subtype(content_type: str) -> str:
    return content_type.partition("/")[2].lower()
