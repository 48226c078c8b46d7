"""Every switch of the fake, once: its default, what it does, and how sure we are of the default.

One vocabulary for all who set them: `@pytest.mark.apivideo(...)`, `apivideo.settings`,
`apivideo-fake serve --...` and the docs page made from this table. Each setting names the source
of its default; where no source settles how api.video behaves it says `verified=False`.
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

Environment = Literal["sandbox", "production"]
ENVIRONMENTS: tuple[Environment, ...] = get_args(Environment)


def _in_seconds(value: object) -> object:
    return value.total_seconds() if isinstance(value, timedelta) else value


Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False), BeforeValidator(_in_seconds)]
Count = Annotated[int, Field(ge=0, le=2**31 - 1)]
Bytes = Annotated[int, Field(ge=0, le=2**63 - 1)]
PACES = ("instant", "manual", "fail", "never")
"""How a video is encoded that is not encoded after so many seconds or polls."""


def _pace(value: object) -> float | str:
    value = _in_seconds(value)
    if isinstance(value, str) and (value in PACES or re.fullmatch(r"polls\([1-9]\d{0,5}\)", value)):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e9:
        return float(value)
    raise ValueError(f"should be seconds from 0, polls(n), or one of {', '.join(PACES)}")


Pace = Annotated[float | str, PlainValidator(_pace)]
"""How fast a video is encoded: in so many seconds of the clock, or as a word says."""


def _listed(value: object) -> object:
    return tuple(part.strip() for part in value.split(",")) if isinstance(value, str) else value


Hosts = Annotated[tuple[str, ...], Field(strict=False), BeforeValidator(_listed)]
"""Names of hosts, also as one text with commas, as a command line has it."""

_GUIDE = "api.video's authentication guide"
_LEVER = "a lever for tests, not a behaviour of api.video"


def polls(count: int) -> str:
    """The setting `encoding` for a video that is encoded when its status is asked so often."""
    return f"polls({count})"


class SettingError(ValueError):
    """A setting that does not exist, or a value that it cannot take; says what is valid."""


def setting(default: Any, doc: str, *, source: str, verified: bool = True) -> Any:
    """One row of the table: what it does, where its default comes from, and whether that settles
    api.video's behaviour.
    """
    return Field(
        default=default,
        description=doc,
        json_schema_extra={"source": source, "verified": verified},
    )


def _fit_for_json(fields: dict[str, Any]) -> dict[str, Any]:
    json.dumps(fields, allow_nan=False, ensure_ascii=False).encode()  # ValueError for NaN and such
    return fields


class Settings(BaseModel):
    """The settings of one project. An assignment is checked and takes effect at the next request.

    Raises SettingError for an unknown name, or a value that the setting cannot take.
    """

    model_config = ConfigDict(extra="forbid", validate_assignment=True, strict=True)

    environment: Environment = setting(
        "sandbox",
        "Environment of a request whose host is not one of api.video's.",
        source=_LEVER,
    )
    expires_in: Seconds = setting(
        3600,
        "Seconds that an access token lives.",
        source="api.video's description, POST /auth/api-key",
    )
    refresh_expires_in: Seconds | None = setting(
        None,
        "Seconds that a refresh token lives; None: as long as nobody uses it.",
        source="no page states a lifetime",
        verified=False,
    )
    rotate_refresh: bool = setting(
        True,
        "A refresh token works once: using it returns the next one.",
        source="README of the official Python client",
    )
    revoke_access_on_refresh: bool = setting(
        False,
        "A refresh ends the access token that it replaces.",
        source="no page says so; a stateless token stays good until it expires",
        verified=False,
    )
    revoke_on_login: bool = setting(
        False,
        "A login with the API key ends the key's earlier refresh tokens.",
        source="only a retired page says so",
        verified=False,
    )
    auth_errors: Literal["spec", "docs"] = setting(
        "spec",
        'A refused login or refresh is answered "spec": 400, as the description has it, or "docs": '
        "401, as the table of errors has it.",
        source="api.video's description and its table of errors contradict each other",
        verified=False,
    )
    allow_bare_token: bool = setting(
        True,
        "Accept `Authorization: <access token>` without the word Bearer.",
        source=_GUIDE + " shows it in one command",
        verified=False,
    )
    allow_api_key_as_bearer: bool = setting(
        False,
        "Accept `Authorization: Bearer <API key>`.",
        source="the guide to webhooks shows it; the authentication guide does not",
        verified=False,
    )
    clock_skew: Seconds = setting(
        0,
        "Seconds of grace in which an expired token is still accepted.",
        source="no page mentions a grace",
        verified=False,
    )
    suspended: bool = setting(
        False,
        "The account is suspended: every authenticated request is answered 403.",
        source="api.video's table of errors",
    )
    problem_content_type: Literal["application/json", "application/problem+json"] = setting(
        "application/json",
        "Content type of a problem.",
        source="the only type in api.video's description",
        verified=False,
    )
    www_authenticate: bool = setting(
        False,
        "A 401 carries a `WWW-Authenticate` header.",
        source="no page mentions the header",
        verified=False,
    )
    unknown_fields: Literal["ignore", "refuse"] = setting(
        "ignore",
        'Attributes and query parameters that an operation does not know: "ignore" them or '
        '"refuse" the request with 400.',
        source="the pages on errors speak of refusal; only the analytics show it",
        verified=False,
    )
    video_restore: bool = setting(
        False,
        "A deleted video stays under /discarded/videos for 90 days and can be restored from there.",
        source="api.video's description: a feature that an account may enable",
    )
    webhook_limit: Count | None = setting(
        None,
        "How many webhooks an environment may have; None: as many as you like.",
        source="api.video's table of errors has such a limit, and no number",
        verified=False,
    )
    rate_limits: Environment | None = setting(
        None,
        "Refuse what exceeds the rate limits of this environment with 429; None: count only. The "
        "`X-RateLimit-*` headers are always sent.",
        source="api.video's reference has the limits; that nothing is enforced is " + _LEVER,
    )
    encoding: Pace = setting(
        "instant",
        'How a video is encoded once its source is complete: "instant", in so many seconds of the '
        'clock, at the n-th look ("polls(n)"), by hand ("manual"); or "fail" at once, or "never".',
        source="no page has a duration; " + _LEVER,
    )
    source_height: Annotated[int, Field(ge=1, le=4320)] = setting(
        720,
        "Height in pixels of a source that does not say it itself; it decides the qualities.",
        source=_LEVER,
    )
    source_duration: Seconds = setting(
        60,
        "Seconds that a source lasts that does not say it itself.",
        source=_LEVER,
    )
    expire_sandbox_videos: bool = setting(
        False,
        "A video of the sandbox is deleted 24 hours after its source was complete.",
        source="api.video's reference says that it is; that it is kept is " + _LEVER,
    )
    expire_empty_videos: bool = setting(
        False,
        "A video without a complete source is deleted 7 days after it was made.",
        source="api.video's best practices say that it is; that it is kept is " + _LEVER,
    )
    webhook_delivery: Literal["instant", "advance", "manual"] = setting(
        "instant",
        'When webhooks are delivered: "instant", in order; when the clock is moved ("advance"); or '
        'by `apivideo.webhooks.deliver()` alone ("manual").',
        source=_LEVER,
    )
    webhook_hosts: Hosts = setting(
        ("loopback",),
        "Hosts that webhooks may go to, `*` stands for anything; `loopback` is this machine. "
        "Several are a list, or a text with commas. Never api.video's own.",
        source=_LEVER,
    )
    webhook_timeout: Annotated[float, Field(gt=0, le=600)] = setting(
        5,
        "Real seconds that the receiver of a webhook has to answer.",
        source="no page has a time limit",
        verified=False,
    )
    extra_fields: Annotated[dict[str, JsonValue], AfterValidator(_fit_for_json)] = setting(
        {},
        "Attributes added to every object in an answer that does not have them, to test a client's "
        "tolerance.",
        source=_LEVER,
    )
    asset_urls: Literal["fake", "real"] = setting(
        "fake",
        'Addresses of assets in answers: the "fake" server\'s own, or api.video\'s "real" hosts.',
        source=_LEVER,
    )
    max_disk: Bytes = setting(
        64 * 1024**3,
        "How many bytes of uploaded files the project keeps on the disk; what goes beyond is "
        "answered 507.",
        source=_LEVER,
    )
    strict: bool = setting(
        False,
        "A request to a path that no operation has, or one with a warning, fails the test.",
        source=_LEVER,
    )
    max_calls: Count = setting(
        10_000,
        "How many calls the record keeps; the oldest go first.",
        source=_LEVER,
    )
    max_body: Count = setting(
        64 * 1024,
        "How many bytes of a request's and of an answer's body the record keeps.",
        source=_LEVER,
    )

    seed: str | int | None = setting(
        None,
        "What ids, keys and tokens are made from, when the project is made; None: the test's id.",
        source=_LEVER,
    )

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise SettingError(_explained(error)) from None

    def __setattr__(self, name: str, value: Any) -> None:
        try:
            super().__setattr__(name, value)
        except ValidationError as error:
            raise SettingError(_explained(error)) from None


def from_texts(texts: Mapping[str, str], given: Mapping[str, Any] | None = None) -> Settings:
    """Settings from texts, as a command line gives them: each is read as JSON, else as it is.

    They win over what is given beside them, as a file of settings does.

    Raises SettingError for an unknown name, or a text that the setting cannot take.
    """
    read = {name: text if name == "seed" else _read(text) for name, text in texts.items()}
    return Settings(**{**(given or {}), **read})


def from_json(body: bytes, settings: Settings) -> tuple[Settings, list[str]]:
    """The settings with what a JSON object changes in them, and the names that it has.

    Raises SettingError for what is no object, an unknown name, or a value that cannot be.
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
    """The settings' names, in the order of the table."""
    return tuple(Settings.model_fields)


def _explained(error: ValidationError) -> str:
    return "; ".join(_explain_one(problem) for problem in error.errors(include_url=False))


def _explain_one(problem: Any) -> str:
    name = str(problem["loc"][0])
    if problem["type"] not in ("extra_forbidden", "no_such_attribute"):
        reason = problem["msg"].removeprefix("Input ").removeprefix("Value error, ")
        doc = Settings.model_fields[name].description
        return (
            f"the setting {name}={problem['input']!r} {reason}. {name}: {doc} See docs/settings.md"
        )
    close = difflib.get_close_matches(name, names(), n=1)
    hint = f" Did you mean {close[0]}?" if close else ""
    return (
        f"there is no setting {name!r}.{hint} Settings: {', '.join(names())}. See docs/settings.md"
    )
