"""Who calls: the project that a request reaches, its environment, and whether it may enter.

The credential decides the project, also when it is refused: the request with an expired token
belongs to that token's project. A request that names no project belongs to the current one.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace

from fake_server.api_warnings import of_credential
from fake_server.auth.credentials import NO_SCHEME, Credential, read_authorization
from fake_server.auth.keys import AdminKey, ApiKey
from fake_server.auth.tokens import AccessToken, RefreshToken
from fake_server.core import problems
from fake_server.core.operations import Credential as Required
from fake_server.core.problems import Problem
from fake_server.project import Known, Project, Projects
from fake_server.settings import Environment

_API_HOSTS: dict[str, Environment] = {
    "ws.api.video": "production",
    "sandbox.api.video": "sandbox",
}
_ATTRIBUTES = {"api_key": "apiKey", "refresh_token": "refreshToken"}
_NO_ACCESS_TOKEN: dict[type, str] = {
    ApiKey: "This is an API key, not an access token: send it as Basic user name with an empty "
    "password, or exchange it for a token at POST /auth/api-key.",
    RefreshToken: "This is a refresh token, not an access token: send it to POST /auth/refresh.",
}
_BARE_REFUSED = f'{NO_SCHEME} Expected "Bearer " and the access token.'


@dataclass(frozen=True)
class Caller:
    """Who calls, and when by the project's clock.

    `credential` is the form that was used; `refusal` is the problem with it, None if it is good;
    `known` is the key or token that it is, good or not; `warnings` tell how it is misused.
    """

    project: Project
    environment: Environment
    credential: str
    now_ns: int
    refusal: Problem | None = None
    known: Known | None = field(default=None, repr=False)
    warnings: tuple[str, ...] = ()

    @property
    def token(self) -> AccessToken | RefreshToken | None:
        """The access or refresh token that was used, if the fake knows it."""
        return self.known if isinstance(self.known, AccessToken | RefreshToken) else None


@dataclass(frozen=True)
class Arrival:
    """What of a request tells who calls: what is needed, and the host, header, body, ids sent."""

    required: Required
    host: str
    authorization: str | None = field(repr=False)
    body: bytes = field(repr=False)
    identifiers: tuple[str, ...] = ()


def admit(projects: Projects, arrival: Arrival) -> Caller:
    """Find the caller of a request; never raises, a wrong credential is the caller's refusal."""
    if arrival.required in ("public", "upload_token"):
        return _by_identifier(projects, arrival)
    credential = _credential(arrival)
    project, known = _owner(projects, credential.secret)
    environment = _API_HOSTS.get(arrival.host) or project.settings.environment
    warnings = tuple(of_credential(credential, known, environment))
    caller = Caller(project, environment, credential.kind, project.run_due(), None, known, warnings)
    return replace(caller, refusal=_refusal(caller, arrival.required, credential, known))


def _by_identifier(projects: Projects, arrival: Arrival) -> Caller:
    """An asset or an upload token is found by its id, whichever project has it.

    Assets are alike in both environments; an upload token works in its own alone.
    """
    holder = next((found for one in arrival.identifiers if (found := projects.holder(one))), None)
    project, environment = holder or (projects.current, projects.current.settings.environment)
    now_ns = project.run_due()
    if arrival.required == "public":
        return Caller(project, environment, "none", now_ns)
    asked = _API_HOSTS.get(arrival.host) or project.settings.environment
    refusal = problems.suspended_account() if project.settings.suspended else None
    return Caller(project, asked, "upload_token", now_ns, refusal)


def _credential(arrival: Arrival) -> Credential:
    if arrival.required != "api_key" and arrival.required != "refresh_token":
        return read_authorization(arrival.authorization)
    try:
        secret = json.loads(arrival.body)[_ATTRIBUTES[arrival.required]]
    except (ValueError, TypeError, KeyError, RecursionError):
        secret = ""  # the operation says what is wrong with its body
    return Credential(arrival.required, secret if isinstance(secret, str) else "")


def _owner(projects: Projects, secret: str) -> tuple[Project, Known | None]:
    """The project that a secret names, and what it is there; else the current project."""
    tokens, stands = projects.tokens, projects.welcome(secret)
    indexes = (tokens.access, projects.keys, tokens.refresh, projects.admin_keys)
    found: Known | None = None
    if secret:
        found = next((item for index in indexes if (item := index.find(secret))), None)
    owner = projects.owner(found) if found else None
    if owner is not None:
        return owner, found
    late = not stands and projects.was_closed(secret)
    return (projects.closed if late else projects.current), None


def _refusal(
    caller: Caller, required: Required, credential: Credential, known: Known | None
) -> Problem | None:
    if required in _ATTRIBUTES:
        return None  # the operation itself judges what is in its body
    if required == "control":
        nothing_wrong = known is not None or credential.kind == "none"
        return None if nothing_wrong else credential.refusal or problems.invalid_api_key()
    if required == "admin":
        good = credential.kind == "basic" and isinstance(known, AdminKey)
        return credential.refusal or (None if good else problems.invalid_api_key())
    refusal = credential.refusal or _judged(caller, credential.secret, known)
    if refusal is None and caller.project.settings.suspended:
        return problems.suspended_account()
    return refusal


def _judged(caller: Caller, secret: str, known: Known | None) -> Problem | None:
    """What is wrong with a credential of a form that is understood."""
    settings = caller.project.settings
    if caller.credential == "bare" and not settings.allow_bare_token:
        return problems.invalid_authorization(_BARE_REFUSED)
    as_key = caller.credential == "basic" or settings.allow_api_key_as_bearer
    if as_key and isinstance(known, ApiKey):
        good = known.enabled and known.environment == caller.environment
        return None if good else problems.invalid_api_key()
    explanation = None if known else caller.project.projects.explanation(secret)
    if caller.credential == "basic":
        return problems.invalid_api_key(explanation)
    if isinstance(known, AccessToken) and known.environment == caller.environment:
        if caller.project.tokens.is_good(known, caller.now_ns):
            return None
        return problems.invalid_access_token()
    return problems.invalid_access_token(explanation or _NO_ACCESS_TOKEN.get(type(known)))
