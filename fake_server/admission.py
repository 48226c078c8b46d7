"""Who calls: the project that a request reaches, its environment, and whether it may enter.

The credential decides the project, also when it is refused: the request with an expired token
belongs to that token's project. A request that names no project belongs to the current one.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from fake_server.auth.credentials import Credential, read_authorization
from fake_server.auth.keys import ApiKey
from fake_server.auth.tokens import AccessToken, RefreshToken
from fake_server.core import problems
from fake_server.core.operations import Credential as Required
from fake_server.core.problems import Problem
from fake_server.project import Project, Projects
from fake_server.settings import Environment

_API_HOSTS: dict[str, Environment] = {
    "ws.api.video": "production",
    "sandbox.api.video": "sandbox",
}
_IS_API_KEY = (
    "This is an API key, not an access token: send it as Basic user name with an empty password, "
    "or exchange it for a token at POST /auth/api-key."
)
_IS_REFRESH_TOKEN = "This is a refresh token, not an access token: send it to POST /auth/refresh."
_BARE_REFUSED = 'The value has no scheme in front of it. Expected "Bearer " and the access token.'


@dataclass(frozen=True)
class Caller:
    """Who calls, and when by the project's clock.

    `credential` is the form that was used; `refusal` is the problem with it, None if it is good.
    """

    project: Project
    environment: Environment
    credential: str
    now_ns: int
    refusal: Problem | None = None


@dataclass(frozen=True)
class Arrival:
    """What of a request tells who calls: its host, Authorization header, body; what is needed."""

    required: Required
    host: str
    authorization: str | None
    body: bytes


def admit(projects: Projects, arrival: Arrival) -> Caller:
    """Find the caller of a request; never raises, a wrong credential is the caller's refusal."""
    if arrival.required in ("api_key", "refresh_token"):
        attribute = "apiKey" if arrival.required == "api_key" else "refreshToken"
        secret = _attribute(arrival.body, attribute)
        credential = Credential("none", secret)
    else:
        credential = read_authorization(arrival.authorization)
    known = _known(projects, credential, arrival.required)
    project = (projects.owner(known) if known else None) or projects.current
    environment = _API_HOSTS.get(arrival.host) or project.settings.environment
    now = project.clock.now_ns()
    refusal = None
    if arrival.required == "authorization":
        refusal = credential.refusal or _refusal(project, environment, credential, known, now)
    elif arrival.required == "control" and known is None and credential.kind != "none":
        refusal = credential.refusal or problems.invalid_api_key()
    return Caller(project, environment, credential.kind, now, refusal)


Known = ApiKey | AccessToken | RefreshToken


def _attribute(body: bytes, name: str) -> str:
    try:
        value = json.loads(body)[name]
    except (ValueError, TypeError, KeyError, RecursionError):
        return ""
    return value if isinstance(value, str) else ""


def _known(projects: Projects, credential: Credential, required: Required) -> Known | None:
    secret = credential.secret
    if not secret:
        return None
    if required == "api_key" or credential.kind == "basic":
        return projects.keys.find(secret)
    if required == "refresh_token":
        return projects.tokens.refresh.find(secret)
    return (
        projects.tokens.access.find(secret)
        or projects.keys.find(secret)
        or projects.tokens.refresh.find(secret)
    )


def _refusal(
    project: Project,
    environment: Environment,
    credential: Credential,
    known: Known | None,
    now_ns: int,
) -> Problem | None:
    settings = project.settings
    if credential.kind == "bare" and not settings.allow_bare_token:
        return problems.invalid_authorization(_BARE_REFUSED)
    if credential.kind == "basic" or (
        isinstance(known, ApiKey) and settings.allow_api_key_as_bearer
    ):
        good = isinstance(known, ApiKey) and known.enabled and known.environment == environment
        refusal = None if good else problems.invalid_api_key()
    elif isinstance(known, ApiKey):
        refusal = problems.invalid_access_token(_IS_API_KEY)
    elif isinstance(known, RefreshToken):
        refusal = problems.invalid_access_token(_IS_REFRESH_TOKEN)
    else:
        good = (
            known is not None
            and known.key.environment == environment
            and project.tokens.is_good(known, now_ns)
        )
        refusal = None if good else problems.invalid_access_token()
    if refusal is None and settings.suspended:
        refusal = problems.suspended_account()
    return refusal
