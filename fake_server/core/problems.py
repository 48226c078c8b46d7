"""All errors of the API, one named constructor each.

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

The problems of partial uploads are in `resources/upload/refusals.py`.

Handlers raise them; `app.py` alone turns them into answers. The wording is api.video's, from its
description and its table of errors. It has two generations: in the older one the title names the
error, in the newer one the title is general and `detail` names it; each constructor uses the one in
which api.video documents that error.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Required

from typing_extensions import TypedDict

_DOCUMENTATION = "https://docs.api.video/reference/"


class ProblemObject(TypedDict, total=False):
    """A problem as JSON. `problems` lists all errors of a request, each without a status."""

    type: str
    title: Required[str]
    status: int
    detail: str
    name: str
    range: dict[str, int]
    problems: list[dict[str, Any]]


@dataclass(eq=False)
class Problem(Exception):  # noqa: N818 - the API's own word for it
    """An error in api.video's words: an object with `type`, `title`, `status` and more.

    `slug` is the last part of the `type` URL, None where api.video gives no type. `name` is the
    invalid parameter (`restreams[0][serverUrl]`). `headers` are added to the answer.
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
        """Return the JSON object."""
        return self._fields(status=self.status)

    def as_item(self) -> dict[str, Any]:
        """Return the object for the list `problems`, without a status."""
        return self._fields(status=None)

    def _fields(self, status: int | None) -> dict[str, Any]:
        fields = {
            "type": _DOCUMENTATION + self.slug if self.slug else None,
            "title": self.title,
            "status": status,
            "detail": self.detail,
            "name": self.name,
            **self.extra,
        }
        return {key: value for key, value in fields.items() if value is not None}


def combined(found: Iterable[Problem]) -> Problem:
    """Combine the problems of a request: the first one, with all of them in `problems`."""
    problems = list(found)
    first = problems[0]
    extra = {**first.extra, "problems": [problem.as_item() for problem in problems]}
    return Problem(first.status, first.slug, first.title, first.name, first.detail, extra)


# Bodies and queries


def invalid_payload(detail: str | None = None) -> Problem:
    """Create the problem of a body that is missing or not a valid JSON object."""
    return Problem(400, "invalid-payload", "The payload is invalid.", detail=detail)


def bad_request(status: int, detail: str) -> Problem:
    """Create the problem of malformed HTTP; api.video documents no such answers."""
    return Problem(status, "invalid-payload", "The request is malformed.", detail=detail)


def too_many_requests() -> Problem:
    """Create the problem of an exceeded rate limit."""
    return Problem(429, "too-many-requests", "Too many requests.")


def payload_too_large(limit: int) -> Problem:
    """Create the problem of a body over `limit` bytes; api.video documents no limit for JSON."""
    detail = f"A JSON body may have up to {limit} bytes on this fake."
    return Problem(413, "invalid-payload", "The payload is invalid.", detail=detail)


def attribute_required(name: str, detail: str | None = None) -> Problem:
    """Create the problem of a required attribute that is absent or blank."""
    return Problem(400, "attribute-required", "This attribute is required.", name, detail)


def invalid_attribute(name: str, detail: str) -> Problem:
    """Create the problem of an invalid attribute, in the newer wording."""
    return Problem(400, "invalid-attribute", "An attribute is invalid.", name, detail)


def not_an_array(name: str) -> Problem:
    """Create the problem of an attribute that must be an array, in the older wording."""
    return Problem(400, "invalid-attribute", "This attribute must be an array.", name)


def out_of_range(name: str, minimum: int, maximum: int | None = None) -> Problem:
    """Create the problem of an invalid `currentPage` or `pageSize`, the only one without a type."""
    bounds = {"min": minimum} if maximum is None else {"min": minimum, "max": maximum}
    title = "This parameter is out of the allowed range of values."
    return Problem(400, None, title, name, extra={"range": bounds})


def invalid_query_parameter(name: str, detail: str) -> Problem:
    """Create the problem of an unknown query parameter, or of one with an invalid value."""
    slug = "request-invalid-query-parameter"
    return Problem(400, slug, "A query parameter is invalid.", name, detail)


def unexpected_parameter(name: str) -> Problem:
    """Create the problem of an unknown query parameter."""
    return invalid_query_parameter(name, "This field was not expected.")


def summary_exists(name: str | None = None) -> Problem:
    """Create the problem of a second summary of a video."""
    title = "A summary already exists or is being created on this video."
    detail = "You can delete the existing summary and generate a new one."
    return Problem(409, "summary-already-exists", title, name, detail)


def admin_problem(name: str, constraint: str) -> Problem:
    """Create the problem of an invalid attribute or parameter in the Admin API's style.

    The only example in its description has no `status`.
    """
    extra = {"constraint": constraint, "total_problems": 1, "status": None}
    detail = "An attribute is invalid."
    return Problem(400, "invalid-attribute", "Bad request.", name, detail, extra)


def webhook_limit_reached() -> Problem:
    """Create the problem of a webhook beyond the account's limit."""
    title = "Your account has reached the webhook urls limit."
    return Problem(400, "webhook-limit-reached", title)


# Files


def no_file() -> Problem:
    """Create the problem of a form without a file."""
    return _file_problem("no-file", "There is no uploaded file in the request.")


def multiple_files() -> Problem:
    """Create the problem of a form with several files."""
    title = "There is more than one uploaded file in the request."
    return _file_problem("multiple-files", title)


def empty_file() -> Problem:
    """Create the problem of an empty file."""
    return _file_problem("empty", "The uploaded file is empty.")


def file_too_large() -> Problem:
    """Create the problem of a file larger than the operation allows."""
    return _file_problem("too-large", "The uploaded file is too large.")


def invalid_extension(extensions: Iterable[str]) -> Problem:
    """Create the problem of a file of a type that the operation does not support."""
    title = f"Only [{', '.join(extensions)}] extensions are supported."
    return _file_problem("extension-invalid", title)


def invalid_file(detail: str) -> Problem:
    """Create the problem of a file of a valid type but with invalid content."""
    return _file_problem("invalid-file", "The uploaded file is invalid.", detail)


def _file_problem(slug: str, title: str, detail: str | None = None) -> Problem:
    return Problem(400, f"uploaded-file-{slug}", title, "file", detail)


# Credentials


def invalid_user_credentials(detail: str | None = None) -> Problem:
    """Create the problem of a refused login or refresh, as in api.video's description."""
    slug, title = "authentication-invalid-user-credentials", "The user credentials were incorrect."
    return Problem(400, slug, title, detail=detail, name="")


def missing_authorization() -> Problem:
    """Create the problem of a request without an Authorization header."""
    title = 'The "Authorization" header is missing.'
    return _unauthorized("missing-authorization-header", title)


def invalid_authorization(detail: str) -> Problem:
    """Create the problem of a malformed Authorization header."""
    title = 'The "Authorization" header value is invalid.'
    return _unauthorized("invalid-authorization-header-value", title, detail)


def invalid_api_key(detail: str | None = None) -> Problem:
    """Create the problem of an API key that is unknown in this environment."""
    return _unauthorized("invalid-api-key", "The API key is invalid.", detail)


def invalid_access_token(detail: str | None = None) -> Problem:
    """Create the problem of an access token that is unknown, expired, revoked or foreign."""
    title = "The access token is invalid or expired."
    return _unauthorized("invalid-access-token", title, detail)


def invalid_refresh_token(detail: str | None = None) -> Problem:
    """Create the problem of an invalid refresh token, as in api.video's table of errors."""
    return _unauthorized("invalid-refresh-token", "The refresh token is invalid.", detail)


def missing_upload_token() -> Problem:
    """Create the problem of a query without an upload token."""
    return _unauthorized("missing-upload-token", "The upload token is missing.")


def invalid_upload_token() -> Problem:
    """Create the problem of an upload token that is unknown, expired, deleted or foreign."""
    return _unauthorized("invalid-upload-token", "The upload token is invalid or expired.")


def _unauthorized(slug: str, title: str, detail: str | None = None) -> Problem:
    return Problem(401, f"authentication-{slug}", title, detail=detail)


def suspended_account() -> Problem:
    """Create the problem of a suspended account."""
    return Problem(403, "authorization-suspended-account", "Suspended account")


def foreign_origin() -> Problem:
    """Create the problem of a web page of another origin that calls the control API."""
    detail = "The control API does not answer web pages of another origin."
    return Problem(403, None, "Forbidden.", detail=detail)


# Paths and ranges


def resource_not_found(name: str) -> Problem:
    """Create the problem of an unknown resource; `name` is the path parameter.

    The title is that of the documentation and of a live capture; the description says "was not".
    """
    return Problem(404, "resource-not-found", "The requested resource could not be found.", name)


def unrecognized_url(detail: str | None = None) -> Problem:
    """Create the problem of a path without any operation."""
    return Problem(404, "unrecognized-request-url", "Unrecognized request URL.", detail=detail)


def method_not_allowed(allowed: Iterable[str]) -> Problem:
    """Create the problem of a known path with another method."""
    headers = (("Allow", ", ".join(sorted(allowed))),)
    title = "Method is not allowed for this route."
    return Problem(405, "method-not-allowed", title, headers=headers)


def range_not_satisfiable(size: int) -> Problem:
    """Create the problem of a requested range beyond the end of the file."""
    headers = (("Content-Range", f"bytes */{size}"),)
    return Problem(416, None, "The requested range is not satisfiable.", headers=headers)


# The fake itself


def insufficient_storage(detail: str = "The disk is full.") -> Problem:
    """Create the problem of an upload for which the disk has no space."""
    title = "The fake has no space for this file."
    return Problem(507, "general-errors", title, detail=detail)


def server_error(detail: str) -> Problem:
    """Create the problem of an error in the fake; the test that caused it fails, too."""
    return Problem(500, "general-errors", "Server error", detail=detail)
