"""The response of `Fault.respond`, checked and encoded."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from http.client import responses
from typing import Any, NamedTuple

from fake_server.core import problems
from fake_server.core.context import as_json
from fake_server.core.problems import Problem

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_FRAMING = ("content-length", "transfer-encoding", "connection")
_PROBLEMS: dict[int, Callable[[], Problem]] = {
    400: problems.invalid_payload,
    401: problems.invalid_access_token,
    403: problems.suspended_account,
    404: problems.unrecognized_url,
    429: problems.too_many_requests,
}


class CannedResponse(NamedTuple):
    """A response that a fault sends without the request being handled.

    `is_problem`: the body is api.video's problem, sent with the type of the project's problems.
    """

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...]
    is_problem: bool = False


def canned_response(
    status: Any,
    value: Any,
    body: str | bytes | None,
    headers: Mapping[str, str] | None,
    retry_after: float | None,
) -> CannedResponse:
    """Create a response. Raises ValueError or TypeError for one that cannot be sent."""
    if not isinstance(status, int) or not 200 <= status <= 599:
        raise ValueError(f"a response's status must be from 200 to 599, not {status!r}")
    if value is not None and body is not None:
        raise ValueError("pass either json= or body=, not both")
    if status in (204, 304) and not (value is None and body is None):
        raise ValueError(f"a response with status {status} has no body")
    own = _checked_headers(headers)
    default = _rate_limit_headers(status, retry_after)
    content, is_problem = b"", body is None and value is None and status >= 400
    if body is not None:
        content = _encode_body(body)
    elif is_problem:
        content = _encode_json(_default_problem(status).body())
    elif value is not None:
        content = _encode_json(value)
        default.append(("Content-Type", "application/json"))
    names = {name.lower() for name, _ in own}
    kept = [header for header in default if header[0].lower() not in names]
    return CannedResponse(int(status), content, (*kept, *own), is_problem)


def _checked_headers(headers: Mapping[str, str] | None) -> list[tuple[str, str]]:
    if not isinstance(headers, Mapping | None):
        raise TypeError(f'headers= must be a mapping, like {{"X-Mine": "1"}}, not {headers!r}')
    pairs = [(str(name), str(value)) for name, value in (headers or {}).items()]
    for name, value in pairs:
        if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
            raise ValueError(f"{name!r}: {value!r} is not a valid HTTP header")
        if name.lower() in _FRAMING:
            raise ValueError(
                f"{name} is set by the server, from the body that it sends; to send an "
                'incomplete body use .drop("middle")'
            )
    return pairs


def _rate_limit_headers(status: int, retry_after: float | None) -> list[tuple[str, str]]:
    """Return the headers of a 429; the missing ones come from the project's own count."""
    retry = []
    if retry_after is not None:
        if status != 429:
            raise ValueError(f"retry_after= is for status 429 only, not {status}")
        if type(retry_after) not in (int, float) or not 0 <= retry_after < 1e9:
            raise ValueError(
                f"retry_after= must be a number of seconds from 0, not {retry_after!r}"
            )
        retry = [("X-RateLimit-Retry-After", str(math.ceil(retry_after)))]
    return [("X-RateLimit-Remaining", "0"), *retry] if status == 429 else []


def _encode_body(body: object) -> bytes:
    if isinstance(body, str):
        return body.encode()
    if isinstance(body, bytes | bytearray | memoryview):
        return bytes(body)
    raise TypeError(f"body= must be str or bytes, not {body!r}; use json= for JSON")


def _encode_json(value: Any) -> bytes:
    try:
        return as_json(value)
    except (TypeError, ValueError) as error:
        raise TypeError(f"json= must be serializable as JSON: {error}; or use body=") from None


def _default_problem(status: int) -> Problem:
    """Return the problem that api.video answers with this status."""
    if status in _PROBLEMS:
        return _PROBLEMS[status]()
    title = "Server error" if status == 500 else responses.get(status, "Error")
    return Problem(status, "general-errors", title)
