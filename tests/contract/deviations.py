"""Ways in which a service can deviate from api.video, each applied to the fake alone.

They measure what the contract suite and `drift` detect: `make deviations` prints the table, and
`test_deviations.py` checks it. A deviation from what api.video promises must fail a test of the
contract; any other shows as a difference between two reports (drift).
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple
from urllib.parse import parse_qsl, urlencode

import pytest
from werkzeug.wrappers import Request

from fake_server import admission
from fake_server.admission import Principal
from fake_server.app import App
from fake_server.auth.keys import Keys
from fake_server.auth.records import AccessToken, ApiKey, RefreshToken
from fake_server.auth.tokens import Tokens
from fake_server.reply import Reply
from fake_server.settings import Settings

Mutation = Callable[[Any], object]
"""Changes a JSON value in place; its result is ignored."""
Query = list[tuple[str, str]]


class Change(NamedTuple):
    """A change of the fake, with a sentence that describes it."""

    name: str
    apply: Callable[[pytest.MonkeyPatch], None]


@dataclass(frozen=True)
class Deviation:
    """A change, with the part of the contract and the means that detect it."""

    name: str
    tests: str
    apply: Callable[[pytest.MonkeyPatch], None]
    seen_by: Literal["must", "drift"] = "must"


# Changes of the fake's parts


def setting(**values: Any) -> Change:
    def init(original: Any, settings: Settings, **more: Any) -> Any:
        return original(settings, **{**values, **more})

    name = ", ".join(f"{key} is {value}" for key, value in values.items())
    return wrapped(name, Settings, "__init__", init)


def wrapped(name: str, owner: Any, attribute: str, around: Callable[..., Any]) -> Change:
    """Call `around(original, *arguments)` instead of a function."""

    def apply(patch: pytest.MonkeyPatch) -> None:
        original = getattr(owner, attribute)
        patch.setattr(owner, attribute, lambda *args, **more: around(original, *args, **more))

    return Change(name, apply)


def accepts(kind: type, name: str) -> Change:
    """Accept every credential that the project knows as a `kind`; NoneType is an unknown one."""

    def check(original: Any, principal: Principal, secret: str) -> Any:
        return None if isinstance(principal.record, kind) else original(principal, secret)

    return wrapped(f"{name} is accepted", admission, "_check_credential", check)


def any_environment(original: Any, keys: Keys, value: str, environment: Any = None) -> Any:
    return original(keys, value, "production") or original(keys, value, "sandbox")


def spent_works(original: Any, tokens: Tokens, value: str, *rest: Any) -> Any:
    if isinstance(token := tokens._index.find(value), RefreshToken):
        token.spent = False
    return original(tokens, value, *rest)


def spent_ends_all(original: Any, tokens: Tokens, value: str, *rest: Any) -> Any:
    grant = original(tokens, value, *rest)
    if grant is None and tokens._index.find(value):
        for other in tokens._grants:
            other.refresh.spent = True
    return grant


def same_expiry(original: Any, tokens: Tokens, *rest: Any) -> Any:
    if grant := original(tokens, *rest):
        grant.access.expires_ns = tokens._grants[0].access.expires_ns
    return grant


# Changes of answers, of those with a status or a class of statuses (2 is any 2xx)


def answers(operation: str, text: str, change: Callable[[Reply], Reply], only: int = 2) -> Change:
    def answer(original: Any, app: App, environ: dict[str, Any]) -> Reply:
        reply: Reply = original(app, environ)
        matches = only in (reply.status, reply.status // 100) and _is(operation, Request(environ))
        return change(reply) if matches else reply

    return wrapped(f"{operation} {text}", App, "answer", answer)


def status(operation: str, before: int, after: int) -> Change:
    text = f"answers {after} instead of {before}"
    return answers(operation, text, lambda reply: replace(reply, status=after), before)


def header(operation: str, name: str, value: str | None, only: int = 2) -> Change:
    def change(reply: Reply) -> Reply:
        kept = [pair for pair in reply.headers if pair[0].lower() != name.lower()]
        return replace(reply, headers=kept if value is None else [*kept, (name, value)])

    return answers(operation, f"answers {name}: {value}", change, only)


def body(operation: str, text: str, mutate: Mutation, only: int = 2) -> Change:
    def change(reply: Reply) -> Reply:
        return replace(reply, body=_mutated(reply.body, mutate))

    return answers(operation, text, change, only)


def replaces(operation: str, text: str, pattern: bytes, by: bytes) -> Change:
    return answers(operation, text, lambda one: replace(one, body=re.sub(pattern, by, one.body)))


def lacks(operation: str, name: str, only: int = 2) -> Change:
    return body(operation, f"lacks {name} ({only})", lambda value: value.pop(name, None), only)


def renames(operation: str, before: str, after: str) -> Change:
    text = f"names {before} {after}"
    return body(operation, text, lambda value: value.update({after: value.pop(before)}))


def value(operation: str, name: str, new: Any, only: int = 2) -> Change:
    """Answer another value: a constant, or what a function returns for the present one."""

    def mutate(found: Any) -> None:
        found[name] = new(found.get(name)) if callable(new) else new

    shown = getattr(new, "__name__", repr(new)).replace("<lambda>", "another value")
    return body(operation, f"answers {name} as {shown} ({only})", mutate, only)


def videos(text: str, mutate: Callable[[dict[str, Any]], object]) -> Change:
    """Change every video, alone and in lists."""

    def each(found: Any) -> None:
        for one in found.get("data", [found]):
            if "videoId" in one:
                mutate(one)

    return body("* *", f"answers videos with {text}", each)


def rows(operation: str, text: str, mutate: Callable[[dict[str, Any]], object]) -> Change:
    return body(operation, f"lists {text}", lambda page: [mutate(row) for row in page["data"]])


def pagination(text: str, mutate: Mutation) -> Change:
    return body(VIDEOS, f"answers {text}", lambda page: mutate(page["pagination"]))


def links(text: str, change: Callable[[list[dict[str, str]]], object]) -> Change:
    return pagination(text, lambda found: found.update(links=change(found["links"])))


# Changes of requests


def sends(operation: str, text: str, mutate: Mutation) -> Change:
    """Read another JSON body than the one sent."""

    def change(environ: dict[str, Any]) -> None:
        environ["wsgi.input"] = io.BytesIO(_mutated(environ["wsgi.input"].read(), mutate))

    return _requests(operation, text, change)


def query(operation: str, text: str, change: Callable[[Query], Query]) -> Change:
    def on(environ: dict[str, Any]) -> None:
        pairs = parse_qsl(environ["QUERY_STRING"], keep_blank_values=True)
        environ["QUERY_STRING"] = urlencode(change(pairs))

    return _requests(operation, text, on)


def parameter(operation: str, text: str, name: str, change: Callable[[str], str]) -> Change:
    return query(
        operation, text, lambda pairs: [(k, change(v) if k == name else v) for k, v in pairs]
    )


def ignores(operation: str, *names: str) -> Change:
    def change(pairs: Query) -> Query:
        return [pair for pair in pairs if pair[0].split("[")[0] not in names]

    return query(operation, f"ignores {', '.join(names)}", change)


def first_only(operation: str, start: str) -> Change:
    def change(pairs: Query) -> Query:
        several = [one for one in pairs if one[0].startswith(start)]
        return [one for one in pairs if one not in several[1:]]

    return query(operation, f"reads only the first {start}", change)


def _requests(operation: str, text: str, change: Callable[[dict[str, Any]], None]) -> Change:
    def answer(original: Any, app: App, environ: dict[str, Any]) -> Any:
        if not _is(operation, Request(environ)):
            return original(app, environ)
        changed = dict(environ)
        change(changed)
        return original(app, changed)

    return wrapped(f"{operation} {text}", App, "answer", answer)


def _is(operation: str, request: Request) -> bool:
    method, path = operation.split()
    pattern = "[^/]+".join(map(re.escape, re.split(r"\{\w+\}", path)))
    fits = path == "*" or re.fullmatch(pattern, request.path) is not None
    return fits and method in ("*", request.method)


def _mutated(content: bytes, mutate: Mutation) -> bytes:
    with suppress(ValueError, AttributeError, KeyError, TypeError):  # another kind of body
        found = json.loads(content)
        mutate(found)
        return json.dumps(found).encode()
    return content


VIDEO, VIDEOS, ONE = "POST /videos", "GET /videos", "GET /videos/{id}"
LOGIN, REFRESH, ANY = "POST /auth/api-key", "POST /auth/refresh", "* *"
STREAMS, UPLOAD_TOKEN = "GET /live-streams", "POST /upload-tokens"

MUST: dict[str, list[Change]] = {
    "authentication": [
        status(LOGIN, 200, 201),
        value(LOGIN, "expires_in", str),
        value(LOGIN, "expires_in", 7200),
        lacks(LOGIN, "expires_in"),
        lacks(LOGIN, "refresh_token"),
        renames(LOGIN, "access_token", "accessToken"),
        value(LOGIN, "access_token", "not a JWT"),
        value(LOGIN, "token_type", "JWT"),
        wrapped("keys work in any environment", Keys, "find", any_environment),
        status(LOGIN, 400, 403),
        setting(rotate_refresh=False),
        wrapped("a spent refresh token works", Tokens, "refresh", spent_works),
        status(REFRESH, 200, 201),
        lacks(REFRESH, "refresh_token"),
        wrapped("a refreshed token expires with the first one", Tokens, "refresh", same_expiry),
        status(REFRESH, 400, 403),
        setting(refresh_expires_in=3600),
        setting(clock_skew=7200),
        setting(expires_in=1800),
        accepts(ApiKey, "any key"),
        accepts(AccessToken, "any access token"),
        accepts(RefreshToken, "a refresh token"),
        accepts(type(None), "an unknown credential"),
        status(ANY, 401, 200),
        status(ANY, 401, 403),
        header(ANY, "Content-Type", "text/plain", 4),
        *(lacks(ANY, name, 4) for name in ("title", "type", "status")),
        value(ANY, "title", "Unauthorized", 401),
        value(ANY, "type", "https://docs.api.video/other", 401),
    ],
    "videos": [
        status(VIDEO, 201, 200),
        status(VIDEO, 202, 201),
        renames(VIDEO, "videoId", "id"),
        lacks(VIDEO, "assets"),
        lacks(ONE, "tags"),
        value(ONE, "public", str),
        value(ONE, "createdAt", 1),
        value(ONE, "metadata", {}),
        value(ONE, "title", "Another"),
        value(VIDEO, "source", {"type": "videos", "uri": "/source"}),
        value(VIDEO, "languageOrigin", "auto"),
        value("GET /videos/{id}/status", "encoding", lambda one: {**one, "playable": True}),
        status("DELETE /videos/{id}", 204, 200),
        status("DELETE /videos/{id}", 404, 204),
        answers(
            "DELETE /videos/{id}", "has a body", lambda one: replace(one, status=200, body=b"{}")
        ),
        sends(
            "PATCH /videos/{id}",
            "clears what is not sent",
            lambda sent: sent.update({"tags": [], "metadata": []} | sent),
        ),
        sends("PATCH /videos/{id}", "changes nothing", lambda sent: sent.clear()),
        sends(
            VIDEO,
            "accepts any public",
            lambda sent: sent.update(public=sent.get("public") is not False),
        ),
        sends(VIDEO, "always supports mp4", lambda sent: sent.update(mp4Support=True)),
        *(
            ignores(VIDEOS, name)
            for name in ("title", "description", "tags", "metadata", "liveStreamId")
        ),
        first_only(VIDEOS, "tags[]"),
        first_only(VIDEOS, "metadata["),
        status(ANY, 404, 400),
        value(ANY, "title", "Not found", 404),
        lacks(ANY, "name", 404),
        lacks(VIDEO, "problems", 400),
        value(VIDEO, "problems", lambda problems: problems[:1], 400),
        replaces(
            VIDEO, "shows a private video's public addresses", rb"/token/[\w-]+|\?token=[\w-]+", b""
        ),
        replaces(ANY, "keeps a private video's token", rb"(/token/|\?token=)[\w-]+", rb"\g<1>1111"),
        rows(VIDEOS, "no metadata", lambda row: row.update(metadata=[])),
        rows(VIDEOS, "titles in capitals", lambda row: row.update(title=row["title"].upper())),
        videos("an old updatedAt", lambda one: one.update(updatedAt=one["createdAt"])),
        videos("ASCII titles", lambda one: one.update(title=ascii(one["title"])[1:-1])),
    ],
    "lists": [
        parameter(VIDEOS, "counts pages from 0", "currentPage", lambda page: str(int(page) + 1)),
        parameter(VIDEOS, "has a page 0", "currentPage", lambda page: str(max(1, int(page)))),
        parameter(VIDEOS, "repeats page 1", "currentPage", lambda page: str(min(1, int(page)))),
        parameter(VIDEOS, "has pages of any size", "pageSize", lambda n: str(min(100, int(n)))),
        ignores(VIDEOS, "pageSize"),
        ignores(VIDEOS, "currentPage"),
        ignores(VIDEOS, "sortBy", "sortOrder"),
        parameter(VIDEOS, "always ascends", "sortOrder", lambda order: "asc"),
        parameter(VIDEOS, "sorts by creation", "sortBy", lambda name: "createdAt"),
        renames(VIDEOS, "data", "items"),
        pagination("a small total", lambda one: one.update(itemsTotal=one["currentPageItems"])),
        pagination("a total as str", lambda one: one.update(itemsTotal=str(one["itemsTotal"]))),
        pagination("no number of pages", lambda one: one.pop("pagesTotal")),
        links("no next link", lambda found: [one for one in found if one["rel"] != "next"]),
        links("an object of links", lambda found: {one["rel"]: one["uri"] for one in found}),
        links(
            "links without the filter",
            lambda found: [{**one, "uri": re.sub("tags[^&]+&", "", one["uri"])} for one in found],
        ),
    ],
    "protocol": [
        header(LOGIN, "X-RateLimit-Limit", "9", 4),
        status("GET /nothing-is-here", 404, 400),
        status(ANY, 405, 404),
        header("OPTIONS *", "Access-Control-Allow-Origin", None),
    ],
    "uploads": [
        status("POST /videos/{id}/source", 201, 200),
        status("POST /videos/{id}/source", 400, 201),
        status("DELETE /upload-tokens/{id}", 204, 404),
        status("POST /upload", 401, 400),
        value("POST /upload", "title", "Untitled"),
        value("POST /upload", "videoId", lambda one: one[:-1] + ("b" if one[-1] == "a" else "a")),
        value(
            "GET /videos/{id}/status", "ingest", lambda one: one and one | {"receivedParts": None}
        ),
    ],
    "upload_tokens": [
        status(UPLOAD_TOKEN, 200, 201),
        lacks(UPLOAD_TOKEN, "expiresAt"),
        sends(UPLOAD_TOKEN, "ignores the ttl", lambda sent: sent.update(ttl=0)),
        status("GET /upload-tokens/{id}", 404, 200),
        ignores("GET /upload-tokens", "sortBy", "sortOrder"),
    ],
    "live_streams": [
        status("POST /live-streams", 200, 201),
        lacks("POST /live-streams", "restreams"),
        value("POST /live-streams", "public", True),
        sends(
            "POST /live-streams",
            "accepts six restreams",
            lambda sent: sent.update(restreams=sent.get("restreams", [])[:5]),
        ),
        status("PUT /live-streams/{id}/complete", 202, 200),
        *(ignores(STREAMS, name) for name in ("streamKey", "name", "pageSize")),
    ],
    "player_themes": [
        status("POST /players", 201, 200),
        value("POST /players", "enableControls", False),
    ],
    "webhooks": [
        status("POST /webhooks", 201, 200),
        value("GET /webhooks/{id}", "signatureSecret", "sig_sec_" + "1" * 22),
        ignores("GET /webhooks", "events"),
        ignores("GET /webhooks", "pageSize"),
        sends(
            "POST /webhooks",
            "keeps one event",
            lambda sent: sent.update(events=sent.get("events", [])[:1]),
        ),
    ],
    "watermarks": [status("POST /watermarks", 200, 201)],
    "captions_and_chapters": [
        status("POST /videos/{id}/captions/{language}", 200, 201),
        sends(
            "PATCH /videos/{id}/captions/{language}", "changes nothing", lambda sent: sent.clear()
        ),
    ],
    "tags": [ignores("GET /tags", "value")],
    "summaries": [status("POST /summaries", 409, 201)],
    "analytics": [value("GET /data/metrics/{a}/{b}", "data", str)],
    "thumbnails": [status("POST /videos/{id}/thumbnail", 200, 201)],
}

DRIFT: dict[str, list[Change]] = {
    "authentication": [
        value(LOGIN, "token_type", "bearer"),
        setting(revoke_on_login=True),
        setting(auth_errors="spec"),
        wrapped("a spent refresh token ends the others", Tokens, "refresh", spent_ends_all),
        setting(revoke_access_on_refresh=True),
        sends(
            REFRESH,
            "accepts snake case",
            lambda sent: sent.update({"refreshToken": sent.get("refresh_token")} | sent),
        ),
        setting(clock_skew=0.9),
        setting(allow_bare_token=False),
        setting(allow_api_key_as_bearer=False),
        setting(www_authenticate=True),
        setting(problem_content_type="application/json"),
        value(ANY, "trace", "abc", 401),
    ],
    "videos": [
        videos("createdAt in Z", lambda one: one.update(createdAt=one["createdAt"][:19] + "Z")),
        videos("another field", lambda one: one.update(future=1)),
        videos("null descriptions", lambda one: one.update(description=one["description"] or None)),
        videos("reversed metadata", lambda one: one["metadata"].reverse()),
        videos("sorted tags", lambda one: one["tags"].sort()),
        parameter(VIDEOS, "minds the case", "title", lambda v: v + "!" if v.isupper() else v),
        value(ANY, "title", lambda title: title.replace("could not be", "was not"), 404),
    ],
    "lists": [
        body(
            VIDEOS,
            "counts a page in an empty list",
            lambda page: page["pagination"].update({} if page["data"] else {"pagesTotal": 1}),
        ),
        header(VIDEOS, "X-RateLimit-Remaining", None),
    ],
    "tags": [
        rows(
            "GET /tags", "counts as str", lambda row: row.update(videoCount=str(row["videoCount"]))
        )
    ],
    "summaries": [status("PATCH /summaries/{id}/source", 201, 200)],
    "protocol": [
        status("HEAD *", 200, 404),
        header(VIDEOS, "Content-Type", "application/json; charset=iso-8859-1"),
        header(VIDEOS, "X-RateLimit-Remaining", "99"),
    ],
}

_BY_MEANS: dict[Literal["must", "drift"], dict[str, list[Change]]] = {"must": MUST, "drift": DRIFT}
DEVIATIONS = [
    Deviation(change.name, tests, change.apply, seen_by)
    for seen_by, changes in _BY_MEANS.items()
    for tests, several in changes.items()
    for change in several
]
