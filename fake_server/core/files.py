"""Small files in a multipart form: thumbnails, logos, watermarks, captions, chapters."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from fake_server.core import problems

if TYPE_CHECKING:
    from fake_server.core.context import Context

MiB = 1024 * 1024
_ROOM_FOR_THE_FORM = 64 * 1024  # bytes: boundaries, headers, and fields beside the file


@dataclass(frozen=True)
class File:
    """A file that was received, or that an asset's address answers with."""

    name: str
    content_type: str
    content: bytes

    def __repr__(self) -> str:
        return f"<File {self.name!r} {self.content_type} {len(self.content)} bytes>"


@dataclass(frozen=True)
class FileRule:
    """What a file must be: at most so many bytes, and of one of these types, if it says any.

    `types` are extensions (`jpg`); a file passes by the extension of its name or by the subtype of
    its content type. `told` is how the problem words them, as api.video's differs from place to
    place.
    """

    most: int
    types: tuple[str, ...] = ()
    told: tuple[str, ...] = ()


def received_file(call: Context[Any]) -> File:
    """The one file of the call's form, under whatever name the form has it.

    Raises the problem of a form with no file, several, an empty, a too large or a wrong one, as the
    operation's rule has it.
    """
    rule = call.operation.takes
    assert rule is not None  # the table says what the operation takes
    sent = _files(call, rule)
    if not sent:
        raise problems.no_file()
    if len(sent) > 1:
        raise problems.multiple_files()
    file = File(sent[0].filename or "", sent[0].mimetype, sent[0].stream.read())
    if not file.content:
        raise problems.empty_file()
    if len(file.content) > rule.most:
        raise problems.file_too_large()
    if rule.types and not {_extension(file.name), _subtype(file.content_type)} & set(rule.types):
        raise problems.invalid_extension(rule.told or rule.types)
    return file


def _files(call: Context[Any], rule: FileRule) -> list[Any]:
    request = call.request
    request.max_content_length = rule.most + _ROOM_FOR_THE_FORM
    try:
        return [file for _, file in request.files.items(multi=True)]
    except RequestEntityTooLarge:
        raise problems.file_too_large() from None
    except (HTTPException, ValueError):
        raise problems.invalid_payload("The body is no multipart form.") from None


def _extension(name: str) -> str:
    return PurePosixPath(name).suffix.removeprefix(".").lower()


def _subtype(content_type: str) -> str:
    return content_type.partition("/")[2].lower()
