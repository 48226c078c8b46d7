"""The answers that a fault gives, and how it spoils those of the fake."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from http.client import responses
from typing import Any, Literal, NamedTuple

from fake_server.core import problems
from fake_server.core.problems import Problem

Damage = Literal["truncated", "invalid", "content_type", "empty"]


class CannedResponse(NamedTuple):
    """An answer that a fault gives in the place of the fake's own."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...]


def damaged(
    how: Damage, body: bytes, headers: Iterable[tuple[str, str]]
) -> tuple[bytes, list[tuple[str, str]]]:
    """Body and headers of an answer, spoilt in one of the ways of `Fault.corrupt`."""
    kept = list(headers)
    if how == "content_type":
        kept = [(name, value) for name, value in kept if name.lower() != "content-type"]
        return body, [("Content-Type", "text/html; charset=utf-8"), *kept]
    spoilt = {"truncated": body[: len(body) // 2], "invalid": b"{" + body, "empty": b""}
    return spoilt[how], kept


def given(
    status: Any,
    value: Any,
    body: str | bytes | None,
    headers: Mapping[str, str] | None,
    retry_after: float | None,
) -> CannedResponse:
    """The answer of `Fault.respond`; raises ValueError and TypeError for what cannot be sent."""
    if not isinstance(status, int) or not 200 <= status <= 599:
        raise ValueError(f"the status of an answer is from 200 to 599, not {status!r}")
    if value is not None and body is not None:
        raise ValueError("an answer has either json= or body=, not both")
    if status in (204, 304) and not (value is None and body is None):
        raise ValueError(f"an answer of {status} has no body")
    own = _pairs(headers)
    problem = _documented(status, _wait(status, retry_after))
    kept = {name.lower() for name, _ in own}
    added = [] if problem is None else [*problem.headers]
    content = b""
    if body is not None:
        content = _content(body)
    elif value is not None or problem is not None:
        content = _json(value if value is not None or problem is None else problem.body())
        added.append(("Content-Type", "application/json"))
    return CannedResponse(
        int(status), content, (*(one for one in added if one[0].lower() not in kept), *own)
    )


def _wait(status: int, retry_after: float | None) -> float | None:
    if retry_after is None:
        return None
    if status != 429:
        raise ValueError(f"retry_after= belongs to a 429, not to a {status}")
    if type(retry_after) not in (int, float) or not 0 <= retry_after < 1e9:
        raise ValueError(f"retry_after= is a number of seconds from 0 on, not {retry_after!r}")
    return retry_after


def _content(body: object) -> bytes:
    if isinstance(body, str):
        return body.encode()
    if isinstance(body, bytes | bytearray | memoryview):
        return bytes(body)
    raise TypeError(f"body= is a text or bytes, not {body!r}; for JSON there is json=")


def _json(value: Any) -> bytes:
    try:
        return json.dumps(
            value, ensure_ascii=False, allow_nan=False, separators=(",", ":")
        ).encode()
    except (TypeError, ValueError) as error:
        raise TypeError(f"json= takes what JSON can hold: {error}; see body=") from None


_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")


_FRAMING = ("content-length", "transfer-encoding", "connection")


def _pairs(headers: Mapping[str, str] | None) -> list[tuple[str, str]]:
    if not isinstance(headers, Mapping | None):
        raise TypeError(f'headers= is a mapping, like {{"X-Mine": "1"}}, not {headers!r}')
    pairs = [(str(name), str(value)) for name, value in (headers or {}).items()]
    for name, value in pairs:
        if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
            raise ValueError(f"{name!r}: {value!r} is no header that HTTP can carry")
        if name.lower() in _FRAMING:
            raise ValueError(
                f"the server itself says {name}, by the body that it sends; for a body that does "
                'not come whole there is .drop("middle")'
            )
    return pairs


def _documented(status: int, retry_after: float | None) -> Problem | None:
    """What api.video answers with a status; nothing if it is no error."""
    if status < 400:
        return None
    if status == 429:
        return _too_many_requests(retry_after)
    general = {
        400: problems.invalid_payload,
        401: problems.invalid_access_token,
        403: problems.suspended_account,
        404: problems.unrecognized_url,
    }
    if status in general:
        return general[status]()
    title = "Server error" if status == 500 else responses.get(status, "Error")
    return Problem(status, "general-errors", title)


def _too_many_requests(retry_after: float | None) -> Problem:
    """The limit, and the seconds if none are given, are those of the project's own count."""
    wait = [] if retry_after is None else [("X-RateLimit-Retry-After", str(math.ceil(retry_after)))]
    headers = (("X-RateLimit-Remaining", "0"), *wait)
    return replace(problems.too_many_requests(), headers=headers)
