"""Multipart forms with one small file: read within bounds, under whatever name the file has."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Mapping
from io import BytesIO
from pathlib import PurePosixPath
from typing import Any

from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.formparser import FormDataParser

from fake_server.core import problems
from fake_server.core.context import Context
from fake_server.core.files import File, FileRule, KiB
from fake_server.core.images import image_size

_CONTENT_TYPE = re.compile(r"[\w.+-]{1,63}/[\w.+-]{1,63}", re.ASCII)
_ROOM_FOR_THE_FORM = 64 * KiB  # bytes: boundaries, headers, and fields beside the file


def received_file(call: Context[Any]) -> File:
    """The one file of the call's form, under whatever name the form has it.

    Raises the problem of a form with no file, several, an empty, a too large or a wrong one, as the
    operation's rule has it.
    """
    return received_form(call)[0]


def received_form(call: Context[Any]) -> tuple[File, Mapping[str, str]]:
    """The one file of the call's form, and the fields beside it; raises as `received_file`."""
    rule = call.operation.takes
    assert rule is not None  # the table says what the operation takes
    sent, fields = _parsed(call, rule)
    if not sent:
        raise problems.no_file()
    if len(sent) > 1:
        raise problems.multiple_files()
    name = sent[0].filename or ""
    file = File(name, _content_type(name, sent[0].mimetype), sent[0].stream.read())
    if not file.content:
        raise problems.empty_file()
    if len(file.content) > rule.most:
        raise problems.file_too_large()
    if rule.types and not {_extension(file.name), _subtype(file.content_type)} & set(rule.types):
        raise problems.invalid_extension(rule.told or rule.types)
    if rule.pixels and not _fits(file, rule.pixels):
        raise problems.invalid_file("The image may have {} x {} pixels.".format(*rule.pixels))
    return file, fields


def _parsed(call: Context[Any], rule: FileRule) -> tuple[list[Any], Mapping[str, str]]:
    request, most = call.request, rule.most + _ROOM_FOR_THE_FORM
    request.max_content_length = most
    # In memory, as it is not much: a temporary file would warn if a refusal left it open.
    parser = FormDataParser(lambda *_, **__: BytesIO(), max_content_length=most, silent=False)
    told = (request.mimetype, request.content_length, request.mimetype_params)
    try:
        _, fields, files = parser.parse(request.stream, *told)
        return [file for _, file in files.items(multi=True)], fields
    except RequestEntityTooLarge:
        raise problems.file_too_large() from None
    except (HTTPException, ValueError):
        raise problems.invalid_payload("The body is no multipart form.") from None


def _content_type(name: str, told: str) -> str:
    """What the client said of the part or, as some say nothing of use, what the name says."""
    if told != "application/octet-stream" and _CONTENT_TYPE.fullmatch(told):
        return told
    return mimetypes.guess_type(name, strict=False)[0] or "application/octet-stream"


def _fits(file: File, most: tuple[int, int]) -> bool:
    width, height = image_size(file.content) or (0, 0)
    return width <= most[0] and height <= most[1]


def _extension(name: str) -> str:
    return PurePosixPath(name).suffix.removeprefix(".").lower()


def _subtype(content_type: str) -> str:
    return content_type.partition("/")[2].lower()
