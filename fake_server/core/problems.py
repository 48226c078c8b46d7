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
from functools import partial
from typing import Any, Required

from typing_extensions import TypedDict

_DOCUMENTATION = "https://docs.api.video/reference/"


class ProblemObject(TypedDict, total=False):
    """A problem as JSON. `problems` lists several errors, the first included, without statuses."""

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
        body = self._fields(status=self.status)
        # The one place that decides whether errors are listed. In api.video's published examples a
        # single error has no `problems`; lists have two entries or more.
        if len(body.get("problems", ())) == 1:
            del body["problems"]
        return body

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


def _file_problem(slug: str, title: str, detail: str | None = None) -> Problem:
    return Problem(400, f"uploaded-file-{slug}", title, "file", detail)


def _unauthorized(slug: str, title: str, detail: str | None = None) -> Problem:
    return Problem(401, f"authentication-{slug}", title, detail=detail)


# Problems of a fixed title. The arguments that remain are `name` and `detail`, if there are any.

attribute_required = partial(Problem, 400, "attribute-required", "This attribute is required.")
"""A required attribute is absent or blank."""
invalid_attribute = partial(Problem, 400, "invalid-attribute", "An attribute is invalid.")
"""An attribute is invalid, in the newer wording."""
not_an_array = partial(Problem, 400, "invalid-attribute", "This attribute must be an array.")
"""An attribute must be an array, in the older wording."""
invalid_query_parameter = partial(
    Problem, 400, "request-invalid-query-parameter", "A query parameter is invalid."
)
"""A query parameter is unknown, or has an invalid value."""
webhook_limit_reached = partial(
    Problem, 400, "webhook-limit-reached", "Your account has reached the webhook urls limit."
)
"""The account has the maximum number of webhooks."""

no_file = partial(_file_problem, "no-file", "There is no uploaded file in the request.")
multiple_files = partial(
    _file_problem, "multiple-files", "There is more than one uploaded file in the request."
)
empty_file = partial(_file_problem, "empty", "The uploaded file is empty.")
file_too_large = partial(_file_problem, "too-large", "The uploaded file is too large.")
invalid_file = partial(_file_problem, "invalid-file", "The uploaded file is invalid.")
"""The file has a valid type but invalid content; the argument is the detail."""

missing_authorization = partial(
    _unauthorized, "missing-authorization-header", 'The "Authorization" header is missing.'
)
invalid_authorization = partial(
    _unauthorized,
    "invalid-authorization-header-value",
    'The "Authorization" header value is invalid.',
)
"""The Authorization header is malformed; the argument is the detail, here and below."""
invalid_api_key = partial(_unauthorized, "invalid-api-key", "The API key is invalid.")
"""The API key is unknown in this environment."""
invalid_refresh_token = partial(
    _unauthorized, "invalid-refresh-token", "The refresh token is invalid."
)
"""The refresh token is invalid, as in api.video's table of errors."""
missing_upload_token = partial(
    _unauthorized, "missing-upload-token", "The upload token is missing."
)
invalid_upload_token = partial(
    _unauthorized, "invalid-upload-token", "The upload token is invalid or expired."
)
"""The upload token is unknown, expired, deleted or of the other environment."""

resource_not_found = partial(
    Problem, 404, "resource-not-found", "The requested resource could not be found."
)
"""The resource is unknown in the project; `name` is the path parameter. The title is that of the
documentation and of a live capture; the description says "was not"."""
too_many_requests = partial(Problem, 429, "too-many-requests", "Too many requests.")


def invalid_payload(detail: str | None = None) -> Problem:
    """Create the problem of a body that is missing or not a valid JSON object."""
    return Problem(400, "invalid-payload", "The payload is invalid.", detail=detail)


def bad_request(status: int, detail: str) -> Problem:
    """Create the problem of malformed HTTP; api.video documents no such answers."""
    return Problem(status, "invalid-payload", "The request is malformed.", detail=detail)


def payload_too_large(limit: int) -> Problem:
    """Create the problem of a body over `limit` bytes; api.video documents no limit for JSON."""
    detail = f"A JSON body may have up to {limit} bytes on this fake."
    return Problem(413, "invalid-payload", "The payload is invalid.", detail=detail)


def out_of_range(name: str, minimum: int, maximum: int | None = None) -> Problem:
    """Create the problem of an invalid `currentPage` or `pageSize`, the only one without a type."""
    bounds = {"min": minimum} if maximum is None else {"min": minimum, "max": maximum}
    title = "This parameter is out of the allowed range of values."
    return Problem(400, None, title, name, extra={"range": bounds})


def unexpected_parameter(name: str) -> Problem:
    """Create the problem of an unknown query parameter."""
    return invalid_query_parameter(name, "This field was not expected.")


def invalid_extension(extensions: Iterable[str]) -> Problem:
    """Create the problem of a file of a type that the operation does not support."""
    title = f"Only [{', '.join(extensions)}] extensions are supported."
    return _file_problem("extension-invalid", title)


def invalid_user_credentials(detail: str | None = None) -> Problem:
    """Create the problem of a refused login or refresh, as in api.video's description."""
    slug, title = "authentication-invalid-user-credentials", "The user credentials were incorrect."
    return Problem(400, slug, title, detail=detail, name="")


def invalid_access_token(detail: str | None = None) -> Problem:
    """Create the problem of a token that is unknown, expired, revoked or foreign."""
    return _unauthorized("invalid-access-token", "The access token is invalid or expired.", detail)


def suspended_account() -> Problem:
    """Create the problem of a suspended account."""
    return Problem(403, "authorization-suspended-account", "Suspended account")


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


def foreign_origin() -> Problem:
    """Create the problem of a web page of another origin that calls the control API."""
    detail = "The control API does not answer web pages of another origin."
    return Problem(403, None, "Forbidden.", detail=detail)


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


def insufficient_storage(detail: str = "The disk is full.") -> Problem:
    """Create the problem of an upload for which the disk has no space."""
    title = "The fake has no space for this file."
    return Problem(507, "general-errors", title, detail=detail)


def server_error(detail: str) -> Problem:
    """Create the problem of an error in the fake; the test that caused it fails, too."""
    return Problem(500, "general-errors", "Server error", detail=detail)
