"""Find who sends a request: the project that it reaches, its environment, and any refusal.

The credential decides the project, also when it is refused: the request with an expired token
belongs to that token's project. A request that names no project belongs to the current one.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace

from fake_server.api_warnings import of_credential
from fake_server.auth.credentials import NO_SCHEME, Credential, read_authorization
from fake_server.auth.records import (
    AccessToken,
    AdminKey,
    ApiKey,
    CredentialRecord,
    RefreshToken,
    Token,
)
from fake_server.core import problems
from fake_server.core.operations import Credential as Required
from fake_server.core.problems import Problem
from fake_server.project import Project
from fake_server.registry import ProjectRegistry
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
class CredentialRequest:
    """The parts of a request that identify its sender, and the credential that it requires."""

    required: Required
    host: str
    authorization: str | None = field(repr=False)
    body: bytes = field(repr=False)
    identifiers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Principal:
    """The sender of a request, at a moment of the project's clock.

    `credential` is the form that was used; `refusal` is the problem with it, None if it is
    accepted; `record` is the key or token that it is, accepted or not; `warnings` report misuse.
    """

    project: Project
    environment: Environment
    credential: str
    now_ns: int
    refusal: Problem | None = None
    record: CredentialRecord | None = field(default=None, repr=False)
    warnings: tuple[str, ...] = ()

    @property
    def token(self) -> Token | None:
        """The access or refresh token that was used, if the fake knows it."""
        return self.record if isinstance(self.record, Token) else None


def admit(registry: ProjectRegistry, request: CredentialRequest) -> Principal:
    """Find the sender of a request. Never raises: an invalid credential sets the refusal."""
    if request.required in ("public", "upload_token"):
        return _admit_by_id(registry, request)
    credential = _read_credential(request)
    project, record = _resolve(registry, credential.secret)
    environment = _API_HOSTS.get(request.host) or project.settings.environment
    principal = Principal(
        project,
        environment,
        credential.kind,
        project.run_due(),
        record=record,
        warnings=tuple(of_credential(credential, record, environment)),
    )
    return replace(principal, refusal=_refusal(principal, request.required, credential))


def _admit_by_id(registry: ProjectRegistry, request: CredentialRequest) -> Principal:
    """Find the project, of any, that has the asset or the upload token.

    Assets are the same in both environments; an upload token works in its own only.
    """
    holder = next((holder for one in request.identifiers if (holder := registry.holder(one))), None)
    project, environment = holder or (registry.current, registry.current.settings.environment)
    now_ns = project.run_due()
    if request.required == "public":
        return Principal(project, environment, "none", now_ns)
    asked = _API_HOSTS.get(request.host) or project.settings.environment
    refusal = problems.suspended_account() if project.settings.suspended else None
    return Principal(project, asked, "upload_token", now_ns, refusal)


def _read_credential(request: CredentialRequest) -> Credential:
    if request.required != "api_key" and request.required != "refresh_token":
        return read_authorization(request.authorization)
    try:
        secret = json.loads(request.body)[_ATTRIBUTES[request.required]]
    except (ValueError, TypeError, KeyError, RecursionError):
        secret = ""  # the operation reports the problem of its body
    return Credential(request.required, secret if isinstance(secret, str) else "")


def _resolve(registry: ProjectRegistry, secret: str) -> tuple[Project, CredentialRecord | None]:
    """Return the project that a secret belongs to, and its record; else the current project."""
    is_session_key = registry.bind_session_key(secret)
    record = registry.credentials.find(secret) if secret else None
    owner = registry.owner(record) if record else None
    if owner is not None:
        return owner, record
    has_ended = not is_session_key and registry.credentials.has_ended(secret)
    return (registry.ended_project if has_ended else registry.current), None


def _refusal(principal: Principal, required: Required, credential: Credential) -> Problem | None:
    record = principal.record
    if required in _ATTRIBUTES:
        return None  # the operation itself checks the credential in its body
    if required == "control":
        accepted = record is not None or credential.kind == "none"
        return None if accepted else credential.refusal or problems.invalid_api_key()
    if required == "admin":
        accepted = credential.kind == "basic" and isinstance(record, AdminKey)
        return credential.refusal or (None if accepted else problems.invalid_api_key())
    refusal = credential.refusal or _check_credential(principal, credential.secret)
    if refusal is None and principal.project.settings.suspended:
        return problems.suspended_account()
    return refusal


def _check_credential(principal: Principal, secret: str) -> Problem | None:
    """Return the problem with a credential in a valid form, if there is one."""
    project, record, settings = principal.project, principal.record, principal.project.settings
    if principal.credential == "bare" and not settings.allow_bare_token:
        return problems.invalid_authorization(_BARE_REFUSED)
    is_bearer = principal.credential == "bearer"
    as_key = principal.credential == "basic" or (is_bearer and settings.allow_api_key_as_bearer)
    if as_key and isinstance(record, ApiKey):
        accepted = record.enabled and record.environment == principal.environment
        return None if accepted else problems.invalid_api_key()
    explanation = None if record else project.credentials.explanation(secret)
    if principal.credential == "basic":
        return problems.invalid_api_key(explanation)
    if isinstance(record, AccessToken) and record.environment == principal.environment:
        if project.tokens.is_valid(record, principal.now_ns):
            return None
        return problems.invalid_access_token()
    return problems.invalid_access_token(explanation or _NO_ACCESS_TOKEN.get(type(record)))
