"""Warnings about requests that misuse the API, even if they succeed.

The mistakes were seen in public code. Warnings are in the record of calls; with the setting
`strict` they fail the test.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from fake_server.auth.credentials import NO_COLON, NO_SCHEME, Credential
from fake_server.auth.records import AccessToken, AdminKey, ApiKey, RefreshToken
from fake_server.calls import Call
from fake_server.core.content_range import Bytes, Part
from fake_server.core.operations import Operation
from fake_server.settings import Environment

_POLLED = (
    "GET /videos/{videoId}/status",
    "GET /videos/{videoId}",
    "GET /live-streams/{liveStreamId}",
)
_MIN_CALLS = 3
_MIN_SECONDS = 1.8  # of the clock, for three calls: two seconds with a margin


def of_credential(
    credential: Credential,
    known: ApiKey | AdminKey | AccessToken | RefreshToken | None,
    environment: Environment,
) -> Iterator[str]:
    """Yield the mistakes in how a credential is sent; `known` is the record of it, if any."""
    flaw = (credential.refusal and credential.refusal.detail) or ""
    if credential.kind == "bearer" and isinstance(known, AdminKey):
        yield "an Admin API key was sent as Bearer token; send it as Basic user name"
    if credential.kind == "bearer" and isinstance(known, ApiKey):
        yield (
            "an API key was sent as Bearer token: no client library does this, though the guide to "
            "webhooks shows it; send it as Basic user name with an empty password, or exchange it "
            "for a token at POST /auth/api-key"
        )
    if credential.kind == "bearer" and isinstance(known, RefreshToken):
        yield "a refresh token was sent as Bearer token; send it to POST /auth/refresh"
    if flaw.startswith(NO_COLON):
        yield 'a Basic credential came without a colon; encode "<API key>:"'
    if credential.kind == "bare":
        yield "a credential came without a scheme; write Bearer in front of a token"
    if flaw.startswith(NO_SCHEME):
        yield (
            "a credential came without a scheme; write Bearer in front of a token, and send an API "
            "key as Basic user name with an empty password"
        )
    is_spent = isinstance(known, RefreshToken) and known.spent and not known.answer_lost
    if credential.kind == "refresh_token" and is_spent:
        yield "a refresh token was used again; each works once, and its answer contains the next"
    if known is not None and not isinstance(known, AdminKey):
        key = known if isinstance(known, ApiKey) else known.key
        if key.environment != environment:
            what = "an API key" if key is known else "a token"
            yield f"{what} of the {key.environment} environment was sent to {environment}"


def of_content_type(operation: Operation | None, media_type: str, body: bytes) -> Iterator[str]:
    """Yield a warning if the body should be JSON and its Content-Type is another one."""
    sends_json = operation is not None and operation.action.body is not None
    if sends_json and body and media_type != "application/json":
        what = "JSON" if body.lstrip()[:1] in (b"{", b"[") else "a body that should be JSON"
        yield f"{what} was sent as {media_type or 'nothing'}; send Content-Type: application/json"


def of_part_without_video(piece: Part | Bytes | None) -> Iterator[str]:
    """Warn about a part, other than the first, that was sent to `POST /upload` without `videoId`.

    api.video's Go and Node.js clients send uploads in parts like this.
    """
    if piece is None or (piece.number == 1 if isinstance(piece, Part) else piece.first == 0):
        return
    what = f"part {piece.number}" if isinstance(piece, Part) else f"the range from {piece.first}"
    yield (
        f"{what} of an upload came without videoId, so it became a video of its own; send the "
        "videoId of the first answer with every other part"
    )


def of_polling(call: Call, before: Sequence[Call]) -> Iterator[str]:
    """Yield a warning if a call is the third in a row of the same request, clearly faster than
    once a second.

    Calls that failed, met a fault, overlap or have another credential are not polling.
    """
    if call.operation not in _POLLED or len(before) < _MIN_CALLS - 1:
        return
    run = [*before[-(_MIN_CALLS - 1) :], call]
    seconds = (call.at - run[0].at).total_seconds()
    is_sequential = all(one.began + one.duration <= two.began for one, two in pairwise(run))
    if is_sequential and all(_polls(one, call) for one in run) and 0 <= seconds < _MIN_SECONDS:
        yield (
            f"the same request was sent {_MIN_CALLS} times in {seconds:.3g} s of the clock; "
            "poll at most once a second"
        )


def _polls(one: Call, call: Call) -> bool:
    same_credential = one.headers.get("Authorization") == call.headers.get("Authorization")
    return one.ok and one.fault is None and one.repeats(call) and same_credential
