"""What a tester steers: `apivideo.tokens`, `apivideo.keys`; projects; and what is never shown."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from fake_server import ApiVideo, FakeServer
from fake_server.admission import CredentialRequest
from fake_server.auth import tokens as token_module
from fake_server.auth.credential_index import ENDED
from fake_server.auth.credentials import read_authorization
from fake_server.auth.records import AccessToken, RefreshToken
from tests.auth.conftest import Client, ClientOf

KEY = "authentication-invalid-api-key"
TOKEN = "authentication-invalid-access-token"
REFRESH = "authentication-invalid-refresh-token"


@pytest.fixture
def other(apivideo_server: FakeServer) -> Iterator[Any]:
    """Open a second project on the same server."""
    with apivideo_server.project() as handle:
        yield handle


# Tokens


def test_an_issued_token_is_as_good_as_one_from_a_login(api: Client, apivideo: ApiVideo) -> None:
    grant = apivideo.tokens.issue()
    assert (grant.token_type, grant.expires_in) == ("Bearer", 3600)
    assert api.bearer(grant.access_token).status == 200
    assert api.refresh(grant.refresh_token).status == 200
    assert apivideo.calls.count("POST /auth/api-key") == 0


@pytest.mark.parametrize("lifetime", [60, 60.0, timedelta(minutes=1)])
def test_an_issued_token_can_have_a_life_of_its_own(
    api: Client, apivideo: ApiVideo, lifetime: Any
) -> None:
    apivideo.clock.freeze()
    grant = apivideo.tokens.issue(expires_in=lifetime)
    assert grant.expires_in == 60
    apivideo.clock.advance(59.999)
    assert api.bearer(grant.access_token).status == 200
    apivideo.clock.advance(0.001)
    assert api.bearer(grant.access_token).status == 401


def test_a_token_can_be_issued_that_has_expired_already(api: Client, apivideo: ApiVideo) -> None:
    grant = apivideo.tokens.issue(expires_in=-1)
    assert api.bearer(grant.access_token).status == 401
    assert api.refresh(grant.refresh_token).status == 200


def test_a_token_is_issued_for_the_first_key_of_the_setting_or_for_a_given_one(
    api: Client, apivideo: ApiVideo
) -> None:
    token = apivideo.tokens.issue(key=apivideo.production_key).access_token
    assert api.bearer(token).status == 401
    assert api.bearer(token, host="ws.api.video").status == 200
    apivideo.settings.environment = "production"
    assert api.bearer(apivideo.tokens.issue().access_token).status == 200


def test_no_token_is_issued_for_a_key_that_the_project_does_not_have(
    apivideo: ApiVideo, other: ApiVideo
) -> None:
    for key in ("unknown key", other.api_key):
        with pytest.raises(LookupError, match="this project has no API key") as raised:
            apivideo.tokens.issue(key=key)
        assert key not in str(raised.value)
    apivideo.keys.remove(apivideo.sandbox_key)
    with pytest.raises(LookupError, match="no sandbox API key"):
        apivideo.tokens.issue()


@pytest.mark.parametrize(
    ("lifetime", "error"), [("60", TypeError), (True, TypeError), (float("inf"), ValueError)]
)
def test_an_invalid_lifetime_is_an_error(apivideo: ApiVideo, lifetime: Any, error: Any) -> None:
    with pytest.raises(error):
        apivideo.tokens.issue(expires_in=lifetime)
    assert len(apivideo.tokens) == 0


def test_active_and_issued_tell_the_tokens_oldest_first(api: Client, apivideo: ApiVideo) -> None:
    apivideo.clock.freeze()
    assert (apivideo.tokens.active, apivideo.tokens.issued) == ([], [])
    first = apivideo.tokens.issue(expires_in=60)
    second = api.log_in().given()
    third = api.refresh(second["refresh_token"]).given()
    values = [first.access_token, second["access_token"], third["access_token"]]
    assert [str(token) for token in apivideo.tokens.active] == values
    apivideo.clock.advance(60)
    assert [token.value for token in apivideo.tokens.active] == values[1:]
    assert [token.value for token in apivideo.tokens.issued] == values
    assert len(apivideo.tokens) == 3
    apivideo.settings.clock_skew = 1
    assert len(apivideo.tokens.active) == 3


@pytest.mark.parametrize("skew", [0, 5])
def test_expire_all_ends_access_tokens_and_leaves_refresh_tokens(
    api: Client, apivideo: ApiVideo, skew: int
) -> None:
    apivideo.settings.clock_skew = skew
    pair = api.log_in().given()
    apivideo.tokens.expire_all()
    api.bearer(pair["access_token"]).is_problem(TOKEN)
    assert apivideo.tokens.active == []
    renewed = api.refresh(pair["refresh_token"]).given()
    assert api.bearer(renewed["access_token"]).status == 200
    assert api.basic(apivideo.api_key).status == 200


def test_expire_all_does_not_lengthen_a_life(api: Client, apivideo: ApiVideo) -> None:
    apivideo.clock.freeze()
    grant = apivideo.tokens.issue(expires_in=10)
    apivideo.clock.advance(60)
    expiry = grant.access.expires_ns
    apivideo.tokens.expire_all()
    assert grant.access.expires_ns == expiry


def test_revoke_all_ends_every_token_and_leaves_keys(api: Client, apivideo: ApiVideo) -> None:
    first = api.log_in().given()
    second = api.refresh(first["refresh_token"]).given()
    apivideo.tokens.revoke_all()
    for pair in (first, second):
        api.bearer(pair["access_token"]).is_problem(TOKEN)
        api.refresh(pair["refresh_token"]).is_problem(REFRESH)
    assert apivideo.tokens.active == []
    assert api.bearer(api.log_in().given()["access_token"]).status == 200
    assert api.basic(apivideo.api_key).status == 200


def test_clear_forgets_and_no_later_token_equals_a_forgotten_one(
    api: Client, apivideo: ApiVideo
) -> None:
    apivideo.clock.freeze()
    pair = api.log_in().given()
    apivideo.tokens.clear()
    assert len(apivideo.tokens) == 0
    assert api.log_in().given()["access_token"] != pair["access_token"]
    api.bearer(pair["access_token"]).is_problem(TOKEN)
    api.refresh(pair["refresh_token"]).is_problem(REFRESH)


def test_the_oldest_tokens_are_forgotten(
    api: Client, apivideo: ApiVideo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(token_module, "_MAX_GRANTS", 3)
    grants = [apivideo.tokens.issue() for _ in range(5)]
    assert [api.bearer(one.access_token).status for one in grants] == [401, 401, 200, 200, 200]
    assert [api.refresh(one.refresh_token).status for one in grants[:2]] == [401, 401]
    assert len(apivideo.tokens) == 3


@pytest.mark.apivideo(rotate_refresh=False)
def test_a_refresh_token_in_use_is_not_forgotten(
    api: Client, apivideo: ApiVideo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(token_module, "_MAX_GRANTS", 2)
    refresh_token = apivideo.tokens.issue().refresh_token
    for _ in range(5):
        assert api.refresh(refresh_token).status == 200


# Keys


def test_an_added_key_works_at_once(api: Client, apivideo: ApiVideo) -> None:
    generated, given = apivideo.keys.add(), apivideo.keys.add("production", "my-own.key é")
    assert len(generated) == 43
    assert api.basic(generated).status == 200
    assert api.log_in(generated).status == 200
    assert api.basic(given, host="ws.api.video").status == 200
    assert api.basic(given).status == 401
    assert [key.environment for key in apivideo.keys] == [
        "sandbox",
        "production",
        "sandbox",
        "production",
    ]
    assert len(apivideo.keys) == 4


WRONG_KEYS = ["", "  ", "a:b", "a\nb", "a\0b", "\ud800"]


@pytest.mark.parametrize("value", WRONG_KEYS)
def test_a_key_that_no_client_could_send_is_an_error(apivideo: ApiVideo, value: Any) -> None:
    with pytest.raises(ValueError, match="printable text without a colon"):
        apivideo.keys.add(value=value)
    assert len(apivideo.keys) == 2


def test_a_key_for_no_environment_is_an_error_that_does_not_show_it(apivideo: ApiVideo) -> None:
    with pytest.raises(ValueError, match="sandbox or production") as raised:
        apivideo.keys.add("secret-value-in-the-wrong-place")  # type: ignore[arg-type]  # wrong on purpose
    assert "secret" not in str(raised.value)


def test_a_key_is_unique_on_a_server(apivideo: ApiVideo, other: ApiVideo) -> None:
    for keys in (apivideo.keys, other.keys):
        with pytest.raises(ValueError, match="another credential") as raised:
            keys.add("production", apivideo.api_key)
        assert apivideo.api_key not in str(raised.value)


def test_a_disabled_key_is_refused_until_it_is_enabled(api: Client, apivideo: ApiVideo) -> None:
    pair = api.log_in().given()
    apivideo.keys.disable(apivideo.api_key)
    api.log_in(apivideo.api_key).is_problem(KEY)
    api.basic(apivideo.api_key).is_problem(KEY)
    api.refresh(pair["refresh_token"]).is_problem(REFRESH)
    assert api.bearer(pair["access_token"]).status == 200
    apivideo.keys.enable(apivideo.api_key)
    assert api.basic(apivideo.api_key).status == 200
    assert api.refresh(pair["refresh_token"]).status == 200
    assert api.log_in().status == 200


def test_a_removed_key_is_unknown(api: Client, apivideo: ApiVideo) -> None:
    key = apivideo.api_key
    pair = api.log_in().given()
    apivideo.keys.remove(key)
    api.log_in(key).is_problem(KEY)
    api.basic(key).is_problem(KEY)
    api.refresh(pair["refresh_token"]).is_problem(REFRESH)
    assert api.bearer(pair["access_token"]).status == 200
    with pytest.raises(LookupError, match="no sandbox API key: create one with keys"):
        _ = apivideo.api_key
    assert apivideo.keys.add("sandbox", key) == key  # the value is free again
    assert api.basic(key).status == 200


@pytest.mark.parametrize("verb", ["disable", "enable", "remove"])
def test_only_keys_of_the_project_can_be_changed(
    apivideo: ApiVideo, other: ApiVideo, verb: str
) -> None:
    for value in (other.api_key, "an unknown value"):
        with pytest.raises(LookupError, match="this project has no API key") as raised:
            getattr(apivideo.keys, verb)(value)
        assert value not in str(raised.value)


# Projects


def test_the_credential_decides_the_project(
    api: Client, apivideo: ApiVideo, other: ApiVideo, client_of: ClientOf
) -> None:
    mine, theirs = api.log_in().given(), client_of(other).log_in().given()
    assert [token.value for token in other.tokens.issued] == [theirs["access_token"]]
    good = f"Bearer {mine['access_token']}"
    video = api.send("POST /videos", {"title": "A"}, authorization=good).json["videoId"]
    foreign = f"Bearer {theirs['access_token']}"
    assert api.send(f"GET /videos/{video}", authorization=foreign).status == 404
    assert api.use(foreign).json["data"] == []
    assert api.basic(other.api_key).json["data"] == []
    assert api.refresh(theirs["refresh_token"]).status == 200
    other.calls.assert_sequence(
        "POST /auth/api-key -> 200",
        "GET /videos/{videoId} -> 404",
        "GET /videos -> 200",
        "GET /videos -> 200",
        "POST /auth/refresh -> 200",
    )
    assert [str(call) for call in apivideo.calls] == [
        "POST /auth/api-key -> 200",
        "POST /videos -> 201",
    ]


def test_a_refused_credential_still_belongs_to_its_project(
    api: Client, apivideo: ApiVideo, other: ApiVideo
) -> None:
    grant = other.tokens.issue()
    other.tokens.revoke_all()
    other.settings.auth_errors = "docs"
    assert api.bearer(grant.access_token).status == 401
    assert api.bearer(grant.refresh_token).status == 401
    assert api.refresh(grant.refresh_token).status == 401
    assert api.log_in(other.production_key).status == 401
    assert api.log_in(grant.access_token).status == 401
    assert api.basic(grant.access_token).status == 401
    assert len(other.calls) == 6
    assert len(apivideo.calls) == 0


def test_an_unknown_secret_belongs_to_the_current_project(
    api: Client, apivideo: ApiVideo, other: ApiVideo
) -> None:
    api.log_in("nonsense")
    api.refresh("nonsense")
    api.bearer("nonsense")
    api.use(None)
    assert [str(call) for call in apivideo.calls] == [
        "POST /auth/api-key -> 401",
        "POST /auth/refresh -> 401",
        "GET /videos -> 401",
        "GET /videos -> 401",
    ]
    assert len(other.calls) == 0


def test_settings_and_clocks_are_the_projects_own(
    api: Client, apivideo: ApiVideo, other: ApiVideo
) -> None:
    grant, theirs = apivideo.tokens.issue(), other.tokens.issue()
    other.clock.advance(3600)
    assert api.bearer(grant.access_token).status == 200
    assert api.bearer(theirs.access_token).status == 401
    other.tokens.revoke_all()
    other.settings.suspended = True
    assert api.basic(apivideo.api_key).status == 200
    assert api.basic(other.api_key).status == 403


def test_a_project_does_not_renew_the_tokens_of_another(
    apivideo: ApiVideo, other: ApiVideo
) -> None:
    token = other.tokens.issue().refresh_token
    assert apivideo.tokens.refresh(token, "sandbox", apivideo.clock.now_ns()) is None


def test_the_credentials_of_a_closed_project_are_no_call_of_this_test(
    api: Client, apivideo: ApiVideo, apivideo_server: FakeServer
) -> None:
    with apivideo_server.project() as gone:
        grant, key = gone.tokens.issue(), gone.api_key
    api.bearer(grant.access_token).is_problem(TOKEN, detail=ENDED)
    api.refresh(grant.refresh_token).is_problem(REFRESH, detail=ENDED)
    api.basic(key).is_problem(KEY, detail=ENDED)
    assert len(apivideo.calls) == 0


def test_a_token_left_behind_by_a_closed_project_opens_no_other(
    api: Client, apivideo: ApiVideo, apivideo_server: FakeServer
) -> None:
    with apivideo_server.project() as gone:
        key = next(iter(gone.keys))
    late = gone.tokens.log_in(key, gone.clock.now_ns())  # as a request under way would get
    api.bearer(late.access_token).is_problem(TOKEN)
    api.refresh(late.refresh_token).is_problem(REFRESH)
    gone.tokens.clear()


def test_a_server_without_projects_makes_one_for_those_who_ask(client_of: ClientOf) -> None:
    with FakeServer() as server:
        default = server.handle(server.projects.current)
        api = client_of(default)
        assert api.use(None).status == 401
        assert api.basic(default.api_key).status == 200
        assert len(default.calls) == 2


# Secrets


def test_no_text_about_a_secret_shows_it(api: Client, apivideo: ApiVideo) -> None:
    pair = api.log_in().given()
    api.refresh(pair["refresh_token"])
    api.basic(apivideo.api_key)
    grant = apivideo.tokens.issue()
    header = f"Bearer {grant.access_token}"
    arrival = CredentialRequest("authorization", "localhost", header, b'{"apiKey": "secret"}')
    shown = [grant, grant.access, grant.refresh, arrival, read_authorization(header)]
    shown += [*apivideo.keys, *apivideo.tokens.issued, *apivideo.calls]
    shown += [apivideo.keys, apivideo.tokens, apivideo.calls, apivideo, apivideo.settings]
    texts = [repr(shown), *map(repr, shown), *(str(one) for one in shown if not _is_token(one))]
    secrets = [apivideo.api_key, apivideo.production_key, *pair.values()]
    secrets += [grant.access_token, grant.refresh_token]
    for secret in (one for one in secrets if len(str(one)) > 12):
        assert not [text for text in texts if secret in text]
        assert not [text for text in texts if secret[10:30] in text]


def _is_token(thing: Any) -> Any:
    return isinstance(thing, AccessToken | RefreshToken)


def test_the_text_of_a_token_is_its_value(apivideo: ApiVideo) -> None:
    grant = apivideo.tokens.issue()
    assert str(grant.access) == f"{grant.access}" == grant.access_token
    assert str(grant.refresh) == grant.refresh_token


def test_the_words_for_keys_and_tokens_tell_their_state(apivideo: ApiVideo) -> None:
    grant, key = apivideo.tokens.issue(), next(iter(apivideo.keys))
    assert repr(grant.access) == f"<AccessToken eyJ…{grant.access_token[-4:]} sandbox>"
    apivideo.tokens.refresh(grant.refresh_token, "sandbox", apivideo.clock.now_ns())
    assert repr(grant.refresh) == f"<RefreshToken def…{grant.refresh_token[-4:]} sandbox spent>"
    apivideo.tokens.revoke_all()
    apivideo.keys.disable(key.value)
    assert repr(grant.access).endswith("sandbox revoked>")
    assert repr(grant.refresh).endswith("sandbox revoked>")
    assert repr(key) == f"<ApiKey {key.value[:3]}…{key.value[-4:]} sandbox disabled>"
    apivideo.keys.add("sandbox", "short")
    assert repr(list(apivideo.keys)[-1]) == "<ApiKey … sandbox>"
