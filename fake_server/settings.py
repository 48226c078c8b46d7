"""The settings of a project: defaults, descriptions and sources, in one table.

The marker `@pytest.mark.apivideo(...)`, `apivideo.settings`, `apivideo-fake serve --...`, the
control API and docs/settings.md all use it. Each setting names the source of its default, and the
kind of the source: its origin (`fake_server.origins`).
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    PlainValidator,
    ValidationError,
)

from fake_server.origins import Origin

Environment = Literal["sandbox", "production"]
ENVIRONMENTS: tuple[Environment, ...] = get_args(Environment)


def _in_seconds(value: object) -> object:
    return value.total_seconds() if isinstance(value, timedelta) else value


Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False), BeforeValidator(_in_seconds)]
Count = Annotated[int, Field(ge=0, le=2**31 - 1)]
Bytes = Annotated[int, Field(ge=0, le=2**63 - 1)]
ENCODING_MODES = ("instant", "manual", "fail", "never")
"""The values of `encoding` other than seconds and polls."""


def _check_encoding(value: object) -> float | str:
    value = _in_seconds(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e9:
        return float(value)
    if isinstance(value, str) and (
        value in ENCODING_MODES or re.fullmatch(r"polls\([1-9]\d{0,5}\)", value)
    ):
        return value
    raise ValueError(f"should be seconds from 0, polls(n), or one of {', '.join(ENCODING_MODES)}")


def _split(value: object) -> object:
    return tuple(part.strip() for part in value.split(",")) if isinstance(value, str) else value


def _check_empty_ingest(value: object) -> list[Any] | None:
    if value is None or value == []:
        return [] if value == [] else None
    raise ValueError("should be null or []")


Encoding = Annotated[float | str, PlainValidator(_check_encoding)]
"""The duration of an encoding in seconds of the clock, `polls(n)`, or one of ENCODING_MODES."""
EmptyIngest = Annotated[list[Any] | None, PlainValidator(_check_empty_ingest)]
Hosts = Annotated[tuple[str, ...], Field(strict=False), BeforeValidator(_split)]
"""Host names, as a list or as a text with commas."""

_GUIDE = "api.video's authentication guide"
_FOR_TESTS = "an option for tests, not a behaviour of api.video"


def polls(count: int) -> str:
    """Return the value of `encoding` for a video that is encoded at the n-th status request."""
    return f"polls({count})"


class SettingError(ValueError):
    """An unknown setting or an invalid value; the message says what is valid."""


def setting(default: Any, doc: str, *, origin: Origin | None = None, source: str = "") -> Any:
    """Declare a setting; without an `origin` it is an option for tests, and its default is chosen.

    `facts["asks"]` says whether the default answers a question about api.video.
    """
    text = source if origin else "; ".join(filter(None, (source, _FOR_TESTS)))
    facts: Any = {"origin": origin or "chosen", "source": text, "asks": origin is not None}
    return Field(default=default, description=doc, json_schema_extra=facts)


def _check_json(fields: dict[str, Any]) -> dict[str, Any]:
    json.dumps(fields, allow_nan=False, ensure_ascii=False).encode()  # ValueError for NaN and such
    return fields


class Settings(BaseModel):
    """The settings of one project. An assignment is validated, and applies to the next request.

    Raises SettingError for an unknown name or an invalid value.
    """

    model_config = ConfigDict(extra="forbid", validate_assignment=True, strict=True)

    environment: Environment = setting(
        "sandbox", "Environment of requests to hosts that are not api.video's."
    )
    expires_in: Seconds = setting(
        3600,
        "Lifetime of an access token in seconds.",
        origin="described",
        source="api.video's description, POST /auth/api-key",
    )
    refresh_expires_in: Seconds | None = setting(
        None,
        "Lifetime of a refresh token in seconds; None: unlimited, until it is used.",
        origin="chosen",
        source="no page states a lifetime",
    )
    rotate_refresh: bool = setting(
        True,
        "A refresh token can be used once; its use returns the next one.",
        origin="documented",
        source="README of the official Python client",
    )
    revoke_access_on_refresh: bool = setting(
        False,
        "A refresh revokes the access token that it replaces.",
        origin="inferred",
        source="a stateless token stays valid until it expires; no page says so",
    )
    revoke_on_login: bool = setting(
        False,
        "A login with an API key revokes the key's earlier refresh tokens.",
        origin="chosen",
        source="only a retired page says that a login revokes them",
    )
    auth_errors: Literal["spec", "docs"] = setting(
        "docs",
        'Status of a refused login or refresh: 400 as in api.video\'s description ("spec"), or 401 '
        'as in its table of errors ("docs").',
        origin="seen",
        source="2021-12, api.video-desktop-synchronizer `synchronizer.ts`: its message for a wrong "
        "key appears only for a 401, as in the table of errors; the description has 400",
    )
    allow_bare_token: bool = setting(
        True,
        "Accept `Authorization: <access token>`, without the scheme Bearer.",
        origin="seen",
        source="2021 to 2023, api.video's official Python examples send it; one command of "
        + _GUIDE,
    )
    allow_api_key_as_bearer: bool = setting(
        True,
        "Accept `Authorization: Bearer <API key>`, with a warning in the record of calls.",
        origin="seen",
        source="2020 to 2025, 15 independent public programs send nothing else; api.video's guide "
        "to webhooks shows it, its authentication guide and its clients do not",
    )
    clock_skew: Seconds = setting(
        0,
        "Seconds after its expiry in which a token is still accepted.",
        origin="chosen",
        source="no page mentions a grace period",
    )
    suspended: bool = setting(
        False,
        "Suspend the account: every authenticated request is answered 403.",
        source="api.video's table of errors has the 403",
    )
    problem_content_type: Literal["application/json", "application/problem+json"] = setting(
        "application/problem+json",
        "Content type of error responses.",
        origin="seen",
        source="2018 to 2023-07, api.video-nodejs-client `src/HttpClient.ts`, nodejs-sdk "
        "`browser.js` and php-sdk `OAuthBrowser.php` handle errors of this type only; the "
        "description has `application/json`",
    )
    www_authenticate: bool = setting(
        False,
        "Send a `WWW-Authenticate` header with a 401.",
        origin="chosen",
        source="no page mentions the header",
    )
    unknown_fields: Literal["ignore", "refuse"] = setting(
        "ignore",
        'Unknown attributes and query parameters: "ignore" them, or "refuse" the request with 400.',
        origin="inferred",
        source="public programs of 2024 and 2025 send attributes that were dropped; the pages on "
        "errors mention refusal, and only the analytics show it",
    )
    empty_ingest: EmptyIngest = setting(
        None,
        "Value of `ingest` in the status of a video before any upload: null or `[]`.",
        origin="described",
        source="api.video's description and its Go client, which cannot read `[]`; 2021, php-sdk "
        "e16d627 and the Java client were seen to get `[]`",
    )
    video_restore: bool = setting(
        False,
        "Keep deleted videos under /discarded/videos for 90 days, to be restored from there.",
        source="api.video's description: an optional feature of an account",
    )
    webhook_limit: Count | None = setting(
        10,
        "Maximum number of webhooks in the project, in both environments together; None: "
        "unlimited.",
        origin="documented",
        source="2023-08 to 2026-06, api.video's documentation, "
        "`sdks/nocode/live-stream-started.md` and three more pages",
    )
    rate_limits: Environment | None = setting(
        None,
        "Answer 429 beyond the rate limits of this environment; None: only count. The "
        "`X-RateLimit-*` headers are always sent.",
        source="api.video's reference has the limits; they are not enforced",
    )
    encoding: Encoding = setting(
        "instant",
        'Encoding of a complete source: "instant", after a number of seconds of the clock, at the '
        'n-th status request ("polls(n)"), by the test ("manual"), "fail" at once, or "never".',
        source="no page states a duration",
    )
    source_height: Annotated[int, Field(ge=1, le=4320)] = setting(
        720, "Height in pixels of a source without readable size; it determines the qualities."
    )
    source_duration: Seconds = setting(
        60, "Duration in seconds of a source without readable duration."
    )
    expire_sandbox_videos: bool = setting(
        False,
        "Delete a sandbox video 24 hours after its source was complete.",
        source="api.video's reference says that it deletes them",
    )
    expire_empty_videos: bool = setting(
        False,
        "Delete a video without a complete source 7 days after its creation.",
        source="api.video's best practices say that it deletes them",
    )
    webhook_delivery: Literal["instant", "advance", "manual"] = setting(
        "instant",
        'Delivery of webhooks: at once and in order ("instant"), when the clock is moved '
        '("advance"), or only by `apivideo.webhooks.deliver()` ("manual").',
    )
    webhook_hosts: Hosts = setting(
        ("loopback",),
        "Hosts to which webhooks may be sent, as a list or a text with commas; `*` matches any "
        "text, `loopback` is this machine. Never api.video's own hosts.",
    )
    webhook_timeout: Annotated[float, Field(gt=0, le=600)] = setting(
        5,
        "Real seconds within which the receiver of a webhook must answer.",
        origin="chosen",
        source="no page states a time limit",
    )
    extra_fields: Annotated[dict[str, JsonValue], AfterValidator(_check_json)] = setting(
        {},
        "Attributes to add to objects in responses that lack them, to test a client's tolerance.",
    )
    asset_urls: Literal["fake", "real"] = setting(
        "fake",
        'URLs of assets in responses: on the "fake" server, or on api.video\'s "real" hosts.',
    )
    max_disk: Bytes = setting(
        64 * 1024**3,
        "Maximum bytes of uploaded files on the disk; an upload beyond it is answered 507.",
    )
    strict: bool = setting(
        False, "Fail the test at a request with a warning or to an unknown path."
    )
    max_calls: Count = setting(
        10_000, "Number of calls that the record keeps; it drops the oldest."
    )
    max_body: Count = setting(
        64 * 1024, "Number of bytes that the record keeps of each request's and response's body."
    )

    seed: str | int | None = setting(
        None, "Seed of ids, keys and tokens, read when the project is created; None: the test's id."
    )

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise SettingError(_message(error)) from None

    def __setattr__(self, name: str, value: Any) -> None:
        try:
            super().__setattr__(name, value)
        except ValidationError as error:
            raise SettingError(_message(error)) from None


def from_texts(texts: Mapping[str, str], base: Mapping[str, Any] | None = None) -> Settings:
    """Create settings from texts of a command line, each read as JSON if possible.

    They override the values in `base`. Raises SettingError for an unknown name or an invalid value.
    """
    read = {name: text if name == "seed" else _read(text) for name, text in texts.items()}
    return Settings(**{**(base or {}), **read})


def from_json(body: bytes, settings: Settings) -> tuple[Settings, list[str]]:
    """Return the settings with the changes of a JSON object, and the changed names.

    Raises SettingError for an invalid object, an unknown name or an invalid value.
    """
    try:
        sent = json.loads(body)
    except (ValueError, RecursionError):
        sent = None
    if not isinstance(sent, dict):
        raise SettingError('send a JSON object of settings, such as {"expires_in": 60}')
    return Settings(**{**settings.model_dump(), **sent}), list(sent)


def _read(text: str) -> Any:
    try:
        return json.loads(text.lower() if text.lower() in ("true", "false") else text)
    except ValueError:
        return None if text.lower() == "none" else text


def names() -> tuple[str, ...]:
    """Return the settings' names, in the order of the table."""
    return tuple(Settings.model_fields)


def _message(invalid: ValidationError) -> str:
    return "; ".join(_message_of(error) for error in invalid.errors(include_url=False))


def _message_of(error: Any) -> str:
    name = str(error["loc"][0])
    if error["type"] in ("extra_forbidden", "no_such_attribute"):
        close = difflib.get_close_matches(name, names(), n=1)
        hint = f" Did you mean {close[0]}?" if close else ""
        return (
            f"there is no setting {name!r}.{hint} Settings: {', '.join(names())}. "
            "See docs/settings.md"
        )
    reason = error["msg"].removeprefix("Input ").removeprefix("Value error, ")
    doc = Settings.model_fields[name].description
    return f"the setting {name}={error['input']!r} {reason}. {name}: {doc} See docs/settings.md"
