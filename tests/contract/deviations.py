"""Ways in which a service can deviate from api.video, each put into the fake by itself.

The contract suite and `drift` are judged by what they notice of them: `make deviations` prints the
table, `test_deviations.py` holds it. `seen_by` says what is
to notice one: a test of the contract that fails (must), or a difference between the reports
(drift), which is for what api.video nowhere promises.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal
from urllib.parse import parse_qsl, urlencode

import pytest
from werkzeug.wrappers import Request

from fake_server import admission
from fake_server.app import App
from fake_server.auth.keys import Keys
from fake_server.auth.records import AccessToken, ApiKey, RefreshToken
from fake_server.auth.tokens import Tokens
from fake_server.reply import Reply
from fake_server.settings import Settings

Patch = Callable[[pytest.MonkeyPatch], None]
Change = Callable[[Any], Any]
Query = list[tuple[str, str]]


@dataclass(frozen=True)
class Deviation:
    """One deviation: its name, the tests that are to notice it, and what puts it into the fake."""

    name: str
    tests: str
    apply: Patch
    seen_by: Literal["must", "drift"] = "must"


# What an answer or a question is changed by


def answered(operation: str, change: Callable[[Reply], Reply | None], status: int = 2) -> Patch:
    """Change the answers of an operation whose status begins with this digit, or is this one."""

    def apply(patch: pytest.MonkeyPatch) -> None:
        original = App.answer

        def answer(app: App, request: Request) -> Reply:
            reply = original(app, request)
            fits = reply.status == status or reply.status // 100 == status
            if not (fits and _is(operation, request)):
                return reply
            return change(reply) or reply

        patch.setattr(App, "answer", answer)

    return apply


def body(operation: str, change: Change, status: int = 2) -> Patch:
    """Change the JSON of answers; `change` mutates it, or returns another value."""

    def on(reply: Reply) -> Reply:
        value = json.loads(reply.body)
        changed = change(value)
        return replace(reply, body=json.dumps(value if changed is None else changed).encode())

    return answered(operation, on, status)


def status(operation: str, before: int, after: int) -> Patch:
    return answered(operation, lambda reply: replace(reply, status=after), before)


def renamed(operation: str, before: str, after: str) -> Patch:
    return body(operation, lambda value: value.update({after: value.pop(before)}))


def lacking(operation: str, name: str) -> Patch:
    return body(operation, lambda value: value.pop(name, None) and None)


def with_value(operation: str, name: str, make: Change) -> Patch:
    return body(operation, lambda value: value.update({name: make(value.get(name))}))


def problem(change: Change, operation: str = "* *", status: int = 4) -> Patch:
    return body(operation, change, status)


def header(operation: str, name: str, value: str | None, status: int = 2) -> Patch:
    def on(reply: Reply) -> Reply:
        kept = [pair for pair in reply.headers if pair[0].lower() != name.lower()]
        return replace(reply, headers=kept if value is None else [*kept, (name, value)])

    return answered(operation, on, status)


def asked(operation: str, change: Callable[[Query], Query]) -> Patch:
    """Change the query of requests."""

    def on(environ: dict[str, Any]) -> None:
        pairs = parse_qsl(environ["QUERY_STRING"], keep_blank_values=True)
        environ["QUERY_STRING"] = urlencode(change(pairs))

    return _requested(operation, on)


def ignoring(operation: str, *names: str) -> Patch:
    return asked(
        operation, lambda query: [one for one in query if one[0].split("[")[0] not in names]
    )


def sent(operation: str, change: Change) -> Patch:
    """Change the JSON of requests."""

    def on(environ: dict[str, Any]) -> None:
        content = environ["wsgi.input"].read()
        try:
            value = json.loads(content)
            changed = change(value)
            content = json.dumps(value if changed is None else changed).encode()
        except (ValueError, AttributeError, TypeError):
            pass
        environ["wsgi.input"] = io.BytesIO(content)

    return _requested(operation, on)


def _requested(operation: str, on: Callable[[dict[str, Any]], None]) -> Patch:
    def apply(patch: pytest.MonkeyPatch) -> None:
        original = App.answer

        def answer(app: App, request: Request) -> Reply:
            if not _is(operation, request):
                return original(app, request)
            environ = dict(request.environ)
            on(environ)
            return original(app, Request(environ))

        patch.setattr(App, "answer", answer)

    return apply


def _is(operation: str, request: Request) -> bool:
    method, path = operation.split()
    pattern = "[^/]+".join(map(re.escape, re.split(r"\{\w+\}", path)))
    return (method in ("*", request.method)) and (
        path == "*" or re.fullmatch(pattern, request.path) is not None
    )


# What the inside is changed by


def setting(**values: Any) -> Patch:
    def apply(patch: pytest.MonkeyPatch) -> None:
        original = Settings.__init__
        patch.setattr(
            Settings, "__init__", lambda self, **more: original(self, **{**values, **more})
        )

    return apply


def letting_in(kind: type) -> Patch:
    """Accept whoever's credential turns out to be of this kind."""

    def apply(patch: pytest.MonkeyPatch) -> None:
        original = admission._judged

        def judged(caller: Any, known: Any) -> Any:
            return None if isinstance(known, kind) else original(caller, known)

        patch.setattr(admission, "_judged", judged)

    return apply


def replaced(owner: Any, name: str, make: Callable[[Any], Any]) -> Patch:
    def apply(patch: pytest.MonkeyPatch) -> None:
        patch.setattr(owner, name, make(getattr(owner, name)))

    return apply


def _spent_but_good(original: Any) -> Any:
    def refresh(tokens: Tokens, value: str, *rest: Any) -> Any:
        token = tokens._indexes.refresh.find(value)
        if token is not None:
            token.spent = False
        return original(tokens, value, *rest)

    return refresh


def _ending_the_family(original: Any) -> Any:
    def refresh(tokens: Tokens, value: str, *rest: Any) -> Any:
        grant = original(tokens, value, *rest)
        if grant is None and tokens._indexes.refresh.find(value) is not None:
            for one in tokens._grants:
                one.refresh.spent = True
        return grant

    return refresh


def _minding_the_header(original: Any) -> Any:
    def answer(app: App, request: Request) -> Reply:
        reply: Reply = original(app, request)
        nonsense = request.headers.get("Authorization") == "Bearer nonsense"
        return replace(reply, status=401) if nonsense and _is(RENEWAL, request) else reply

    return answer


def _ages_from_login(original: Any) -> Any:
    def refresh(tokens: Tokens, value: str, *rest: Any) -> Any:
        before = tokens._indexes.refresh.find(value)
        grant = original(tokens, value, *rest)
        if grant is not None and before is not None:
            first = tokens._grants[0].access
            grant.access.expires_ns = first.expires_ns
        return grant

    return refresh


def _any_environment(original: Any) -> Any:
    def find(keys: Keys, value: str, environment: Any = None) -> Any:
        return original(keys, value, "production") or original(keys, value, "sandbox")

    return find


# Small changes


def _cut_problems(value: Any) -> None:
    if "problems" in value:
        value["problems"] = value["problems"][:1]


def _first_tag(query: Query) -> Query:
    tags = [one for one in query if one[0] == "tags[]"]
    return [one for one in query if one[0] != "tags[]"] + tags[:1]


def _first_metadata(query: Query) -> Query:
    pairs = [one for one in query if one[0].startswith("metadata[")]
    return [one for one in query if not one[0].startswith("metadata[")] + pairs[:1]


def _page(change: Callable[[int], int]) -> Callable[[Query], Query]:
    def on(query: Query) -> Query:
        return [(k, str(change(int(v))) if k == "currentPage" else v) for k, v in query]

    return on


def _clamped(name: str, least: int, most: int) -> Callable[[Query], Query]:
    return lambda query: [
        (k, str(min(most, max(least, int(v)))) if k == name else v) for k, v in query
    ]


def _turned(query: Query) -> Query:
    return [(k, "asc" if k == "sortOrder" else v) for k, v in query]


def _links(change: Change) -> Change:
    def on(page: Any) -> None:
        links = page["pagination"]["links"]
        page["pagination"]["links"] = change(links)

    return on


def _counted(name: str, change: Change) -> Change:
    return lambda page: page["pagination"].update({name: change(page["pagination"])})


def _without_token(video: Any) -> Any:
    return json.loads(re.sub(r"/token/[0-9a-f-]+|\?token=[0-9a-f-]+", "", json.dumps(video)))


def _constant_token(video: Any) -> Any:
    return json.loads(re.sub(r"(/token/|\?token=)[0-9a-f-]+", r"\g<1>1111", json.dumps(video)))


def _forgetting(value: Any) -> Any:
    return {"tags": [], "metadata": [], **value}


def _harmless(value: Any) -> Any:
    public = value.get("public")
    return {**value, "public": public if isinstance(public, bool) else True}


def _counts_as_texts(page: Any) -> None:
    for tag in page["data"]:
        tag["videoCount"] = str(tag["videoCount"])


def _everywhere(change: Callable[[dict[str, Any]], None]) -> Patch:
    """Change every video, alone and in lists."""

    def on(value: Any) -> None:
        for one in value.get("data", [value]) if isinstance(value, dict) else ():
            if isinstance(one, dict) and "videoId" in one:
                change(one)

    def on_json(reply: Reply) -> Reply:
        if not reply.body.startswith(b"{"):
            return reply
        value = json.loads(reply.body)
        on(value)
        return replace(reply, body=json.dumps(value).encode())

    return answered("* *", on_json)


def _rows(change: Callable[[dict[str, Any]], None]) -> Change:
    """Change every row of a page."""

    def on(page: Any) -> None:
        for row in page["data"]:
            change(row)

    return on


def _instead(name: str, before: str, after: str) -> Callable[[Query], Query]:
    """Ask for something else."""
    return lambda query: [(k, after if (k, v) == (name, before) else v) for k, v in query]


def _counting_empty_pages(page: Any) -> None:
    if not page["data"]:
        page["pagination"]["pagesTotal"] = 1


VIDEO, VIDEOS, ONE = "POST /videos", "GET /videos", "GET /videos/{id}"
LOGIN, RENEWAL = "POST /auth/api-key", "POST /auth/refresh"

LOGINS = (
    Deviation("a login is answered 201", "authentication", status(LOGIN, 200, 201)),
    Deviation("expires_in is a text", "authentication", with_value(LOGIN, "expires_in", str)),
    Deviation("expires_in is missing", "authentication", lacking(LOGIN, "expires_in")),
    Deviation(
        "expires_in is two hours", "authentication", with_value(LOGIN, "expires_in", lambda _: 7200)
    ),
    Deviation("refresh_token is missing", "authentication", lacking(LOGIN, "refresh_token")),
    Deviation(
        "the access token is in camel case",
        "authentication",
        renamed(LOGIN, "access_token", "accessToken"),
    ),
    Deviation(
        "the access token is no JWT",
        "authentication",
        with_value(LOGIN, "access_token", lambda token: token.replace(".", "")),
    ),
    Deviation(
        "token_type is another word",
        "authentication",
        with_value(LOGIN, "token_type", lambda _: "JWT"),
    ),
    Deviation(
        "token_type is in small letters",
        "authentication",
        with_value(LOGIN, "token_type", lambda _: "bearer"),
        "drift",
    ),
    Deviation(
        "a login ends earlier refresh tokens",
        "authentication",
        setting(revoke_on_login=True),
        "drift",
    ),
    Deviation(
        "a key of the other environment logs in",
        "authentication",
        replaced(Keys, "find", _any_environment),
    ),
    Deviation(
        "a refused login is answered 401", "authentication", setting(auth_errors="docs"), "drift"
    ),
    Deviation("a refused login is answered 403", "authentication", status(LOGIN, 400, 403)),
    Deviation(
        "a login tells its rate limits", "protocol", header(LOGIN, "X-RateLimit-Limit", "9", 4)
    ),
)

RENEWALS = (
    Deviation(
        "a spent refresh token ends its successor",
        "authentication",
        replaced(Tokens, "refresh", _ending_the_family),
        "drift",
    ),
    Deviation(
        "a renewal minds the credential in its header",
        "authentication",
        replaced(App, "answer", _minding_the_header),
        "drift",
    ),
    Deviation("a renewal does not rotate", "authentication", setting(rotate_refresh=False)),
    Deviation(
        "a spent refresh token is good",
        "authentication",
        replaced(Tokens, "refresh", _spent_but_good),
    ),
    Deviation("a renewal is answered 201", "authentication", status(RENEWAL, 200, 201)),
    Deviation(
        "a renewal gives no refresh token", "authentication", lacking(RENEWAL, "refresh_token")
    ),
    Deviation(
        "a renewal ends the access token",
        "authentication",
        setting(revoke_access_on_refresh=True),
        "drift",
    ),
    Deviation(
        "a renewed token ages from the login",
        "authentication",
        replaced(Tokens, "refresh", _ages_from_login),
    ),
    Deviation(
        "a renewal takes snake case",
        "authentication",
        sent(RENEWAL, lambda value: {"refreshToken": value.get("refresh_token"), **value}),
        "drift",
    ),
    Deviation("a refused renewal is answered 403", "authentication", status(RENEWAL, 400, 403)),
    Deviation(
        "a refresh token dies with its access token",
        "authentication",
        setting(refresh_expires_in=3600),
    ),
)

CREDENTIALS = (
    Deviation(
        "a token never expires",
        "authentication",
        replaced(Tokens, "is_valid", lambda _: lambda tokens, token, now: not token.revoked),
    ),
    Deviation("a token expires two hours late", "authentication", setting(clock_skew=7200)),
    Deviation(
        "a token expires two minutes late", "authentication", setting(clock_skew=120), "drift"
    ),
    Deviation("a token expires a second late", "authentication", setting(clock_skew=0.9), "drift"),
    Deviation("a token expires early", "authentication", setting(expires_in=1800)),
    Deviation("any key lets in", "authentication", letting_in(ApiKey)),
    Deviation("any token lets in", "authentication", letting_in(AccessToken)),
    Deviation("a refresh token lets in", "authentication", letting_in(RefreshToken)),
    Deviation("an unknown credential lets in", "authentication", letting_in(type(None))),
    Deviation(
        "nobody needs a credential",
        "authentication",
        replaced(admission, "_refusal", lambda _: lambda *given: None),
    ),
    Deviation(
        "a bare token is refused", "authentication", setting(allow_bare_token=False), "drift"
    ),
    Deviation(
        "the API key lets in as bearer",
        "authentication",
        setting(allow_api_key_as_bearer=True),
        "drift",
    ),
    Deviation(
        "a 401 says WWW-Authenticate", "authentication", setting(www_authenticate=True), "drift"
    ),
    Deviation(
        "problems have a media type of their own",
        "authentication",
        setting(problem_content_type="application/problem+json"),
        "drift",
    ),
    Deviation(
        "a problem is plain text", "authentication", header("* *", "Content-Type", "text/plain", 4)
    ),
    Deviation("a 401 is a 403", "authentication", status("* *", 401, 403)),
    Deviation(
        "a problem without a title",
        "authentication",
        problem(lambda one: one.pop("title") and None),
    ),
    Deviation(
        "a problem without a type", "authentication", problem(lambda one: one.pop("type") and None)
    ),
    Deviation(
        "a problem without a status",
        "authentication",
        problem(lambda one: one.pop("status") and None),
    ),
    Deviation(
        "a problem with other words",
        "authentication",
        problem(lambda one: one.update(title="Unauthorized"), status=401),
    ),
    Deviation(
        "a problem of another type",
        "authentication",
        problem(lambda one: one.update(type=one["type"] + "s"), status=401),
    ),
    Deviation(
        "a problem has a detail more",
        "authentication",
        problem(lambda one: one.update(trace="abc"), status=401),
        "drift",
    ),
)

VIDEOS_ = (
    Deviation("a new video is answered 200", "videos", status(VIDEO, 201, 200)),
    Deviation("videoId is called id", "videos", renamed(VIDEO, "videoId", "id")),
    Deviation("tags are missing", "videos", lacking(ONE, "tags")),
    Deviation("public is a text", "videos", with_value(ONE, "public", str)),
    Deviation("createdAt is a number", "videos", with_value(ONE, "createdAt", lambda _: 1)),
    Deviation(
        "createdAt ends in Z",
        "videos",
        _everywhere(lambda one: one.update(createdAt=one["createdAt"][:19] + "Z")),
        "drift",
    ),
    Deviation("metadata is an object", "videos", with_value(ONE, "metadata", lambda _: {})),
    Deviation("assets are missing", "videos", lacking(VIDEO, "assets")),
    Deviation(
        "a video has a field more", "videos", _everywhere(lambda one: one.update(future=1)), "drift"
    ),
    Deviation(
        "no description is null",
        "videos",
        _everywhere(lambda one: one.update(description=one["description"] or None)),
        "drift",
    ),
    Deviation("the wrong video is read", "videos", with_value(ONE, "title", lambda _: "Another")),
    Deviation("a deletion is answered 200", "videos", status("DELETE /videos/{id}", 204, 200)),
    Deviation("a second deletion is no error", "videos", status("DELETE /videos/{id}", 404, 204)),
    Deviation(
        "a deletion has a body",
        "videos",
        answered("DELETE /videos/{id}", lambda one: replace(one, status=200, body=b"{}")),
    ),
    Deviation("a change forgets the rest", "videos", sent("PATCH /videos/{id}", _forgetting)),
    Deviation("a change is not kept", "videos", sent("PATCH /videos/{id}", lambda value: {})),
    Deviation("wrong values are taken", "videos", sent(VIDEO, _harmless)),
    Deviation("the filter by title is ignored", "videos", ignoring(VIDEOS, "title")),
    Deviation(
        "the filter by title minds the case",
        "videos",
        asked(VIDEOS, lambda query: [(k, v + "!" if v.isupper() else v) for k, v in query]),
        "drift",
    ),
    Deviation("the filter by description is ignored", "videos", ignoring(VIDEOS, "description")),
    Deviation("the filter by tags is ignored", "videos", ignoring(VIDEOS, "tags")),
    Deviation("the filter by metadata is ignored", "videos", ignoring(VIDEOS, "metadata")),
    Deviation("one of several tags is enough", "videos", asked(VIDEOS, _first_tag)),
    Deviation("one of several metadata is enough", "videos", asked(VIDEOS, _first_metadata)),
    Deviation(
        "not found in other words",
        "videos",
        problem(lambda one: one.update(title="Not found"), status=404),
    ),
    Deviation(
        "not found in the description's words",
        "videos",
        problem(
            lambda one: one.update(title=one["title"].replace("could not be", "was not")),
            status=404,
        ),
        "drift",
    ),
    Deviation(
        "not found without a name",
        "videos",
        problem(lambda one: one.pop("name") and None, status=404),
    ),
    Deviation("not found is a 400", "videos", status("* *", 404, 400)),
    Deviation("a private video has public addresses", "videos", body(VIDEO, _without_token)),
    Deviation("a private video keeps its token", "videos", body("* *", _constant_token)),
    Deviation("only the first problem is told", "videos", body(VIDEO, _cut_problems, status=400)),
    Deviation(
        "a list of problems is missing",
        "videos",
        body(VIDEO, lambda one: one.pop("problems", None) and None, status=400),
    ),
    Deviation("a far source is there at once", "videos", status(VIDEO, 202, 201)),
    Deviation(
        "the source's address is wrong",
        "videos",
        with_value(VIDEO, "source", lambda one: {**one, "uri": "/source"}),
    ),
    Deviation(
        "a new video is playable",
        "videos",
        with_value("GET /videos/{id}/status", "encoding", lambda one: {**one, "playable": True}),
    ),
    Deviation(
        "an address without mp4 support has one",
        "videos",
        sent(VIDEO, lambda value: {**value, "mp4Support": True}),
    ),
    Deviation(
        "metadata come in reverse",
        "videos",
        _everywhere(lambda one: one["metadata"].reverse()),
        "drift",
    ),
    Deviation("tags come sorted", "videos", _everywhere(lambda one: one["tags"].sort()), "drift"),
    Deviation(
        "rows of a list lack metadata",
        "videos",
        body(VIDEOS, _rows(lambda one: one.update(metadata=[]))),
    ),
    Deviation(
        "titles in a list are in capitals",
        "videos",
        body(VIDEOS, _rows(lambda one: one.update(title=one["title"].upper()))),
    ),
    Deviation(
        "updatedAt never moves",
        "videos",
        _everywhere(lambda one: one.update(updatedAt=one["createdAt"])),
    ),
    Deviation(
        "titles lose what is not ASCII",
        "videos",
        _everywhere(lambda one: one.update(title=one["title"].encode("ascii", "replace").decode())),
    ),
    Deviation("the filter by live stream is ignored", "videos", ignoring(VIDEOS, "liveStreamId")),
    Deviation(
        "a language comes by itself",
        "videos",
        with_value(VIDEO, "languageOrigin", lambda _: "auto"),
    ),
)

LISTS = (
    Deviation("pages are counted from 0", "lists", asked(VIDEOS, _page(lambda page: page + 1))),
    Deviation("the page's size is ignored", "lists", ignoring(VIDEOS, "pageSize")),
    Deviation("the page's number is ignored", "lists", ignoring(VIDEOS, "currentPage")),
    Deviation(
        "the total is that of the page",
        "lists",
        body(VIDEOS, _counted("itemsTotal", lambda page: page["currentPageItems"])),
    ),
    Deviation("the total is a text", "lists", body(VIDEOS, _counted("itemsTotal", str))),
    Deviation(
        "the number of pages is missing",
        "lists",
        body(VIDEOS, lambda page: page["pagination"].pop("pagesTotal") and None),
    ),
    Deviation(
        "no link leads on",
        "lists",
        body(VIDEOS, _links(lambda links: [one for one in links if one["rel"] != "next"])),
    ),
    Deviation(
        "links are an object",
        "lists",
        body(VIDEOS, _links(lambda links: {one["rel"]: one["uri"] for one in links})),
    ),
    Deviation(
        "links forget the filter",
        "lists",
        body(
            VIDEOS,
            _links(
                lambda links: [
                    {**one, "uri": re.sub("tags[^&]+&", "", one["uri"])} for one in links
                ]
            ),
        ),
    ),
    Deviation("page 0 is the first", "lists", asked(VIDEOS, _clamped("currentPage", 1, 99))),
    Deviation(
        "a size beyond the most is taken", "lists", asked(VIDEOS, _clamped("pageSize", 1, 100))
    ),
    Deviation("the order is ignored", "lists", ignoring(VIDEOS, "sortBy", "sortOrder")),
    Deviation("the order is always up", "lists", asked(VIDEOS, _turned)),
    Deviation(
        "titles are sorted by creation",
        "lists",
        asked(VIDEOS, _instead("sortBy", "title", "createdAt")),
    ),
    Deviation(
        "changes are sorted by creation",
        "lists",
        asked(VIDEOS, _instead("sortBy", "updatedAt", "createdAt")),
    ),
    Deviation("an empty list has a page", "lists", body(VIDEOS, _counting_empty_pages), "drift"),
    Deviation("rows are called items", "lists", renamed(VIDEOS, "data", "items")),
    Deviation(
        "the last page is answered again",
        "lists",
        asked(VIDEOS, _clamped("currentPage", 0, 1)),
    ),
    Deviation(
        "rate limits are told under other names",
        "lists",
        header(VIDEOS, "X-RateLimit-Remaining", None),
        "drift",
    ),
)

OTHERS = (
    Deviation(
        "a new upload token is answered 201",
        "upload_tokens",
        status("POST /upload-tokens", 200, 201),
    ),
    Deviation(
        "an upload token hides its end",
        "upload_tokens",
        lacking("POST /upload-tokens", "expiresAt"),
    ),
    Deviation(
        "an upload token lives for ever",
        "upload_tokens",
        sent("POST /upload-tokens", lambda value: {"ttl": 0}),
    ),
    Deviation(
        "a deleted upload token is found",
        "upload_tokens",
        status("GET /upload-tokens/{id}", 404, 200),
    ),
    Deviation(
        "a new live stream is answered 201", "live_streams", status("POST /live-streams", 200, 201)
    ),
    Deviation("restreams are missing", "live_streams", lacking("POST /live-streams", "restreams")),
    Deviation(
        "the filter by stream key is ignored",
        "live_streams",
        ignoring("GET /live-streams", "streamKey"),
    ),
    Deviation(
        "completing is answered 200",
        "live_streams",
        status("PUT /live-streams/{id}/complete", 202, 200),
    ),
    Deviation(
        "six restreams are taken",
        "live_streams",
        sent(
            "POST /live-streams",
            lambda value: {**value, "restreams": value.get("restreams", [])[:5]},
        ),
    ),
    Deviation(
        "a new player theme is answered 200", "player_themes", status("POST /players", 201, 200)
    ),
    Deviation(
        "a player theme hides its controls",
        "player_themes",
        with_value("POST /players", "enableControls", lambda _: False),
    ),
    Deviation("a new webhook is answered 200", "webhooks", status("POST /webhooks", 201, 200)),
    Deviation(
        "all webhooks have one secret",
        "webhooks",
        with_value("GET /webhooks/{id}", "signatureSecret", lambda _: "sig_sec_" + "1" * 22),
    ),
    Deviation("the filter by event is ignored", "webhooks", ignoring("GET /webhooks", "events")),
    Deviation(
        "a new watermark is answered 201", "watermarks", status("POST /watermarks", 200, 201)
    ),
    Deviation(
        "new captions are answered 201",
        "captions_and_chapters",
        status("POST /videos/{id}/captions/{language}", 200, 201),
    ),
    Deviation(
        "a caption does not become the default",
        "captions_and_chapters",
        sent("PATCH /videos/{id}/captions/{language}", lambda value: {}),
    ),
    Deviation(
        "tags are counted as texts",
        "tags",
        body("GET /tags", _counts_as_texts),
        "drift",
    ),
    Deviation("the filter by tag is ignored", "tags", ignoring("GET /tags", "value")),
    Deviation("a second summary is accepted", "summaries", status("POST /summaries", 409, 201)),
    Deviation(
        "a written summary is answered 200",
        "summaries",
        status("PATCH /summaries/{id}/source", 201, 200),
        "drift",
    ),
    Deviation(
        "a number of analytics is a text",
        "analytics",
        with_value("GET /data/metrics/{a}/{b}", "data", str),
    ),
    Deviation(
        "upload tokens ignore the order",
        "upload_tokens",
        ignoring("GET /upload-tokens", "sortBy", "sortOrder"),
    ),
    Deviation(
        "live streams ignore the page's size",
        "live_streams",
        ignoring("GET /live-streams", "pageSize"),
    ),
    Deviation(
        "the filter by name is ignored", "live_streams", ignoring("GET /live-streams", "name")
    ),
    Deviation(
        "a new live stream is always public",
        "live_streams",
        with_value("POST /live-streams", "public", lambda _: True),
    ),
    Deviation("webhooks ignore the page's size", "webhooks", ignoring("GET /webhooks", "pageSize")),
    Deviation(
        "a webhook loses its second event",
        "webhooks",
        sent("POST /webhooks", lambda value: {**value, "events": value.get("events", [])[:1]}),
    ),
    Deviation(
        "a HEAD is not found",
        "protocol",
        answered("HEAD *", lambda reply: replace(reply, status=404)),
        "drift",
    ),
    Deviation(
        "JSON is in another charset",
        "protocol",
        header(VIDEOS, "Content-Type", "application/json; charset=iso-8859-1"),
        "drift",
    ),
    Deviation(
        "what remains is not counted",
        "protocol",
        header(VIDEOS, "X-RateLimit-Remaining", "99"),
        "drift",
    ),
    Deviation("an unknown path is a 400", "protocol", status("GET /nothing-is-here", 404, 400)),
    Deviation("a method that is not allowed is a 404", "protocol", status("* *", 405, 404)),
    Deviation(
        "no other page may call",
        "protocol",
        header("OPTIONS *", "Access-Control-Allow-Origin", None),
    ),
    Deviation(
        "a thumbnail is answered 201", "thumbnails", status("POST /videos/{id}/thumbnail", 200, 201)
    ),
)

UPLOADS = (
    Deviation("an upload is answered 200", "uploads", status("POST /videos/{id}/source", 201, 200)),
    Deviation(
        "a second upload is accepted", "uploads", status("POST /videos/{id}/source", 400, 201)
    ),
    Deviation(
        "a deleted upload token still works",
        "uploads",
        status("DELETE /upload-tokens/{id}", 204, 404),
    ),
    Deviation("an upload without a token is a 400", "uploads", status("POST /upload", 401, 400)),
    Deviation(
        "an uploaded video has another name",
        "uploads",
        with_value("POST /upload", "title", lambda _: "Untitled"),
    ),
    Deviation(
        "each part makes a video",
        "uploads",
        with_value(
            "POST /upload", "videoId", lambda one: one[:-1] + ("a" if one[-1] != "a" else "b")
        ),
    ),
    Deviation(
        "received parts are not told",
        "uploads",
        with_value(
            "GET /videos/{id}/status", "ingest", lambda one: one and {**one, "receivedParts": None}
        ),
    ),
)

DEVIATIONS = (*LOGINS, *RENEWALS, *CREDENTIALS, *VIDEOS_, *LISTS, *OTHERS, *UPLOADS)
