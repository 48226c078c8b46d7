"""Every error that the API can answer, one named constructor each.

    Problem
    ├── 400  invalid_payload · attribute_required · invalid_attribute · not_an_array
    │        out_of_range · invalid_query_parameter · invalid_user_credentials
    │        no_file · multiple_files · empty_file · file_too_large · invalid_extension
    │        invalid_file · webhook_limit_reached
    ├── 401  missing_authorization · invalid_authorization · invalid_api_key
    │        invalid_access_token · invalid_refresh_token
    │        missing_upload_token · invalid_upload_token
    ├── 403  suspended_account · foreign_origin (control API only)
    ├── 404  resource_not_found · unrecognized_url
    ├── 405  method_not_allowed
    ├── 409  summary_exists
    ├── 413  payload_too_large
    ├── 416  range_not_satisfiable
    ├── 429  too_many_requests
    ├── 500  server_error
    └── 507  insufficient_storage

Those of the parts of an upload are in `resources/upload/refusals.py`.

Handlers raise them; `app.py` alone turns them into answers. The wording is api.video's (its
description and its documentation's table of errors). Two generations of it exist: in the older one
the title names the problem, in the newer one the title is general and `detail` names it; each
constructor speaks the generation in which api.video documents that error.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Required

from typing_extensions import TypedDict

_DOCUMENTATION = "https://docs.api.video/reference/"


class ProblemObject(TypedDict, total=False):
    """A problem on the wire. `problems` lists several, the first included, without statuses."""

    type: str
    title: Required[str]
    status: int
    detail: str
    name: str
    range: dict[str, int]
    problems: list[dict[str, Any]]


@dataclass(eq=False)
class Problem(Exception):  # noqa: N818 - the API's own word for it
    """An error as api.video words it: an object with `type`, `title`, `status` and more.

    `slug` is the last part of the `type` address, None where api.video gives no type. `name` is the
    parameter at fault (`restreams[0][serverUrl]`). `headers` go into the answer.
    """

    status: int
    slug: str | None
    title: str
    name: str | None = None
    detail: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    headers: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return f"{self.status} {self.title}" + (f" ({self.detail})" if self.detail else "")

    def body(self) -> dict[str, Any]:
        """The object on the wire."""
        body = self._facts(status=self.status)
        # The one place that decides whether errors are listed. In api.video's published examples a
        # single error has no `problems`; lists have two entries or more.
        if len(body.get("problems", ())) == 1:
            del body["problems"]
        return body

    def as_item(self) -> dict[str, Any]:
        """The object as one of the `problems` of a request: without a status of its own."""
        return self._facts(status=None)

    def _facts(self, status: int | None) -> dict[str, Any]:
        facts = {
            "type": _DOCUMENTATION + self.slug if self.slug else None,
            "title": self.title,
            "status": status,
            "detail": self.detail,
            "name": self.name,
            **self.extra,
        }
        return {key: value for key, value in facts.items() if value is not None}


def combined(found: Iterable[Problem]) -> Problem:
    """Return the problems of one request as one: the first at the top, all under `problems`."""
    problems = list(found)
    first = problems[0]
    items = [problem.as_item() for problem in problems]
    extra = {**first.extra, "problems": items}
    return Problem(first.status, first.slug, first.title, first.name, first.detail, extra)


# What was sent


def invalid_payload(detail: str | None = None) -> Problem:
    """The body is missing or is not a JSON object."""
    return Problem(400, "invalid-payload", "The payload is invalid.", detail=detail)


def bad_request(status: int, detail: str) -> Problem:
    """The request is not HTTP as it should be; api.video documents no such answers."""
    return Problem(status, "invalid-payload", "The request is malformed.", detail=detail)


def too_many_requests() -> Problem:
    """The calls exceed a rate limit."""
    return Problem(429, "too-many-requests", "Too many requests.")


def payload_too_large(limit: int) -> Problem:
    """The body is longer than `limit` bytes; api.video documents no such limit for JSON."""
    detail = f"A JSON body of this fake may have {limit} bytes."
    return Problem(413, "invalid-payload", "The payload is invalid.", detail=detail)


def attribute_required(name: str, detail: str | None = None) -> Problem:
    """A required attribute is absent or blank."""
    return Problem(400, "attribute-required", "This attribute is required.", name, detail)


def invalid_attribute(name: str, detail: str) -> Problem:
    """An attribute has a value that it cannot have, in the newer wording."""
    return Problem(400, "invalid-attribute", "An attribute is invalid.", name, detail)


def not_an_array(name: str) -> Problem:
    """An attribute should be an array, in the older wording."""
    return Problem(400, "invalid-attribute", "This attribute must be an array.", name)


def out_of_range(name: str, least: int, most: int | None = None) -> Problem:
    """`currentPage` or `pageSize` is beyond its bounds; the only problem without a type."""
    bounds = {"min": least} if most is None else {"min": least, "max": most}
    title = "This parameter is out of the allowed range of values."
    return Problem(400, None, title, name, extra={"range": bounds})


def invalid_query_parameter(name: str, detail: str) -> Problem:
    """A query parameter has a value that it cannot have, or is not known."""
    title = "A query parameter is invalid."
    return Problem(400, "request-invalid-query-parameter", title, name, detail)


def summary_exists(name: str | None = None) -> Problem:
    """A summary of the video exists already, or is being made."""
    title = "A summary already exists or is being created on this video."
    detail = "You can delete the existing summary and generate a new one."
    return Problem(409, "summary-already-exists", title, name, detail)


def admin_problem(name: str, constraint: str) -> Problem:
    """An attribute or parameter of the Admin API is wrong; its problems have a style of their own.

    The only one that its description shows has no `status`.
    """
    extra = {"constraint": constraint, "total_problems": 1, "status": None}
    detail = "An attribute is invalid."
    return Problem(400, "invalid-attribute", "Bad request.", name, detail, extra)


def webhook_limit_reached() -> Problem:
    """The account has as many webhooks as it may have."""
    title = "Your account has reached the webhook urls limit."
    return Problem(400, "webhook-limit-reached", title)


# Which file was sent


def no_file() -> Problem:
    """The form holds no file."""
    title = "There is no uploaded file in the request."
    return Problem(400, "uploaded-file-no-file", title, "file")


def multiple_files() -> Problem:
    """The form holds more than one file."""
    title = "There is more than one uploaded file in the request."
    return Problem(400, "uploaded-file-multiple-files", title, "file")


def empty_file() -> Problem:
    """The file has no bytes."""
    return Problem(400, "uploaded-file-empty", "The uploaded file is empty.", "file")


def file_too_large() -> Problem:
    """The file has more bytes than this operation takes."""
    return Problem(400, "uploaded-file-too-large", "The uploaded file is too large.", "file")


def invalid_extension(extensions: Iterable[str]) -> Problem:
    """The file is not of a type that this operation takes."""
    title = f"Only [{', '.join(extensions)}] extensions are supported."
    return Problem(400, "uploaded-file-extension-invalid", title, "file")


def invalid_file(detail: str) -> Problem:
    """The file is not what this operation takes, though its type is."""
    title = "The uploaded file is invalid."
    return Problem(400, "uploaded-file-invalid-file", title, "file", detail)


def unexpected_parameter(name: str) -> Problem:
    """A query parameter that the operation does not know."""
    return invalid_query_parameter(name, "This field was not expected.")


# Who sent it


def invalid_user_credentials(detail: str | None = None) -> Problem:
    """A login or refresh is refused, as api.video's description answers it."""
    slug, title = "authentication-invalid-user-credentials", "The user credentials were incorrect."
    return Problem(400, slug, title, detail=detail, name="")


def missing_authorization() -> Problem:
    """The request has no Authorization header."""
    title = 'The "Authorization" header is missing.'
    return Problem(401, "authentication-missing-authorization-header", title)


def invalid_authorization(detail: str) -> Problem:
    """The Authorization header has a form that is not understood."""
    title = 'The "Authorization" header value is invalid.'
    return Problem(401, "authentication-invalid-authorization-header-value", title, detail=detail)


def invalid_api_key(detail: str | None = None) -> Problem:
    """The API key is not known in this environment."""
    title = "The API key is invalid."
    return Problem(401, "authentication-invalid-api-key", title, detail=detail)


def invalid_access_token(detail: str | None = None) -> Problem:
    """The access token is unknown, expired, revoked or of the other environment."""
    title = "The access token is invalid or expired."
    return Problem(401, "authentication-invalid-access-token", title, detail=detail)


def invalid_refresh_token(detail: str | None = None) -> Problem:
    """The refresh token is not good, as api.video's table of errors answers it."""
    title = "The refresh token is invalid."
    return Problem(401, "authentication-invalid-refresh-token", title, detail=detail)


def missing_upload_token() -> Problem:
    """The query has no upload token."""
    return Problem(401, "authentication-missing-upload-token", "The upload token is missing.")


def invalid_upload_token() -> Problem:
    """The upload token is unknown, expired, deleted or of the other environment."""
    title = "The upload token is invalid or expired."
    return Problem(401, "authentication-invalid-upload-token", title)


def suspended_account() -> Problem:
    """The account is suspended."""
    return Problem(403, "authorization-suspended-account", "Suspended account")


def foreign_origin() -> Problem:
    """A web page of another origin called the control API."""
    detail = "The control API answers no web page of another origin."
    return Problem(403, None, "Forbidden.", detail=detail)


# Where it was sent


def resource_not_found(name: str) -> Problem:
    """The resource does not exist, or belongs to another project; `name` is the path parameter.

    The title is that of the documentation and of a live capture; the description says "was not".
    """
    return Problem(404, "resource-not-found", "The requested resource could not be found.", name)


def unrecognized_url(detail: str | None = None) -> Problem:
    """No operation has this path."""
    return Problem(404, "unrecognized-request-url", "Unrecognized request URL.", detail=detail)


def method_not_allowed(allowed: Iterable[str]) -> Problem:
    """The path exists, but not with this method."""
    headers = (("Allow", ", ".join(sorted(allowed))),)
    title = "Method is not allowed for this route."
    return Problem(405, "method-not-allowed", title, headers=headers)


def range_not_satisfiable(size: int) -> Problem:
    """The file has none of the bytes that are asked for."""
    headers = (("Content-Range", f"bytes */{size}"),)
    return Problem(416, None, "The requested range is not satisfiable.", headers=headers)


# The fake itself


def insufficient_storage(detail: str = "The disk is full.") -> Problem:
    """There is no room for what is uploaded."""
    return Problem(507, "general-errors", "The fake has no room for this file.", detail=detail)


def server_error(detail: str) -> Problem:
    """The fake itself failed; the test that caused it fails with the traceback."""
    return Problem(500, "general-errors", "Server error", detail=detail)
