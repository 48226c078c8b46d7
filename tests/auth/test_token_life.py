"""How tokens live: expiry, refresh, rotation, and the settings that change it."""

from __future__ import annotations

from typing import Any

import pytest

from fake_server import ApiVideo
from tests.auth.conftest import Client

KEY = "authentication-invalid-api-key"
TOKEN = "authentication-invalid-access-token"
LOGIN = "authentication-invalid-user-credentials"
REFRESH = "authentication-invalid-refresh-token"


@pytest.fixture(autouse=True)
def _frozen(apivideo: ApiVideo) -> None:
    apivideo.clock.freeze("2030-01-01T00:00:00Z")


def test_a_token_is_good_until_the_moment_of_its_expiry(api: Client, apivideo: ApiVideo) -> None:
    token = api.log_in().given()["access_token"]
    apivideo.clock.advance(3599.999)
    assert api.bearer(token).status == 200
    apivideo.clock.advance(0.001)
    api.bearer(token).is_problem(TOKEN)
    api.use(token).is_problem(TOKEN)


def test_an_expired_token_is_good_again_when_time_goes_back(
    api: Client, apivideo: ApiVideo
) -> None:
    token = api.log_in().given()["access_token"]
    apivideo.clock.advance(3600)
    assert api.bearer(token).status == 401
    apivideo.clock.travel("2030-01-01T00:59:59Z")
    assert api.bearer(token).status == 200


@pytest.mark.apivideo(clock_skew=5)
def test_the_grace_of_clock_skew_ends_exactly(api: Client, apivideo: ApiVideo) -> None:
    token = api.log_in().given()["access_token"]
    apivideo.clock.advance(3604.999)
    assert api.bearer(token).status == 200
    apivideo.clock.advance(0.001)
    api.bearer(token).is_problem(TOKEN)
    apivideo.settings.clock_skew = 5.001
    assert api.bearer(token).status == 200


LIFETIMES = [(60, b"60"), (60.0, b"60"), (1.5, b"1"), (0.001, b"0"), (86_400, b"86400")]


@pytest.mark.parametrize(("seconds", "written"), LIFETIMES)
def test_expires_in_decides_how_long_a_token_lives(
    api: Client, apivideo: ApiVideo, seconds: Any, written: Any
) -> None:
    apivideo.settings.expires_in = seconds
    answer = api.log_in()
    assert b'"expires_in":' + written + b"," in answer.body
    apivideo.clock.advance(seconds - 0.0005)
    assert api.bearer(answer.json["access_token"]).status == 200
    apivideo.clock.advance(0.0005)
    assert api.bearer(answer.json["access_token"]).status == 401


@pytest.mark.apivideo(expires_in=0)
def test_a_token_of_no_seconds_is_expired_at_once(api: Client) -> None:
    pair = api.log_in().given()
    assert pair["expires_in"] == 0
    api.bearer(pair["access_token"]).is_problem(TOKEN)
    assert api.refresh(pair["refresh_token"]).status == 200


def test_expires_in_counts_for_the_tokens_given_from_now_on(
    api: Client, apivideo: ApiVideo
) -> None:
    old = api.log_in().given()
    apivideo.settings.expires_in = 60
    new, refreshed = api.log_in().given(), api.refresh(old["refresh_token"]).given()
    assert new["expires_in"] == refreshed["expires_in"] == 60
    apivideo.clock.advance(60)
    good = [api.bearer(pair["access_token"]).status for pair in (old, new, refreshed)]
    assert good == [200, 401, 401]


def test_a_refresh_gives_two_new_tokens(api: Client, apivideo: ApiVideo) -> None:
    old = api.log_in().given()
    new = api.refresh(old["refresh_token"]).given()
    assert new["access_token"] != old["access_token"]
    assert new["refresh_token"] != old["refresh_token"]
    assert api.bearer(old["access_token"]).status == 200
    assert api.bearer(new["access_token"]).status == 200
    apivideo.clock.advance(3600)
    assert api.bearer(new["access_token"]).status == 401
    assert api.refresh(new["refresh_token"]).status == 200


def test_a_refresh_token_works_once(api: Client) -> None:
    old = api.log_in().given()["refresh_token"]
    new = api.refresh(old).given()["refresh_token"]
    api.refresh(old).is_problem(REFRESH)
    newest = api.refresh(new).given()["refresh_token"]  # a replay ends nothing else
    for spent in (old, new):
        api.refresh(spent).is_problem(REFRESH)
    assert api.refresh(newest).status == 200


def test_an_access_token_is_no_refresh_token(api: Client) -> None:
    pair = api.log_in().given()
    api.refresh(pair["access_token"]).is_problem(REFRESH)
    assert api.refresh(pair["refresh_token"]).status == 200


def test_an_expired_access_token_can_be_renewed_much_later(api: Client, apivideo: ApiVideo) -> None:
    pair = api.log_in().given()
    apivideo.clock.advance(10 * 365 * 86_400)
    renewed = api.refresh(pair["refresh_token"]).given()
    assert api.bearer(renewed["access_token"]).status == 200


def test_logins_do_not_end_one_another(api: Client) -> None:
    pairs = [api.log_in().given() for _ in range(3)]
    assert all(api.bearer(pair["access_token"]).status == 200 for pair in pairs)
    assert all(api.refresh(pair["refresh_token"]).status == 200 for pair in pairs)


def test_a_login_and_a_refresh_in_one_instant_give_different_tokens(api: Client) -> None:
    pairs = [api.log_in().given() for _ in range(3)]
    pairs += [api.refresh(pair["refresh_token"]).given() for pair in pairs]
    assert len({pair["access_token"] for pair in pairs}) == 6
    assert len({pair["refresh_token"] for pair in pairs}) == 6


@pytest.mark.apivideo(refresh_expires_in=7200)
def test_refresh_expires_in_ends_a_refresh_token_exactly(api: Client, apivideo: ApiVideo) -> None:
    first, second = (api.log_in().given()["refresh_token"] for _ in range(2))
    apivideo.clock.advance(7199.999)
    renewed = api.refresh(first).given()["refresh_token"]
    apivideo.clock.advance(0.001)
    api.refresh(second).is_problem(REFRESH)
    apivideo.clock.advance(7199)
    assert api.refresh(renewed).status == 200  # its own life began when it was given


@pytest.mark.apivideo(refresh_expires_in=60, clock_skew=5)
def test_clock_skew_holds_for_refresh_tokens_too(api: Client, apivideo: ApiVideo) -> None:
    first, second = (api.log_in().given()["refresh_token"] for _ in range(2))
    apivideo.clock.advance(64.999)
    assert api.refresh(first).status == 200
    apivideo.clock.advance(0.001)
    assert api.refresh(second).status == 401


@pytest.mark.apivideo(rotate_refresh=False)
def test_without_rotation_a_refresh_token_works_again(api: Client, apivideo: ApiVideo) -> None:
    pair = api.log_in().given()
    renewed = [api.refresh(pair["refresh_token"]).given() for _ in range(3)]
    assert {one["refresh_token"] for one in renewed} == {pair["refresh_token"]}
    assert len({one["access_token"] for one in renewed}) == 3
    apivideo.settings.rotate_refresh = True
    assert api.refresh(pair["refresh_token"]).given()["refresh_token"] != pair["refresh_token"]
    assert api.refresh(pair["refresh_token"]).status == 401
    apivideo.settings.rotate_refresh = False
    assert api.refresh(pair["refresh_token"]).status == 401  # spent stays spent


@pytest.mark.parametrize("rotate", [True, False])
@pytest.mark.apivideo(revoke_access_on_refresh=True)
def test_a_refresh_can_end_the_access_token_that_it_replaces(
    api: Client, apivideo: ApiVideo, rotate: bool
) -> None:
    apivideo.settings.rotate_refresh = rotate
    other, first = api.log_in().given(), api.log_in().given()
    second = api.refresh(first["refresh_token"]).given()
    third = api.refresh(second["refresh_token"]).given()
    found = [api.bearer(pair["access_token"]).status for pair in (other, first, second, third)]
    assert found == [200, 401, 401, 200]


@pytest.mark.apivideo(revoke_access_on_refresh=True)
def test_a_refused_refresh_ends_nothing(api: Client) -> None:
    pair = api.log_in().given()
    assert api.refresh(pair["refresh_token"], host="ws.api.video").status == 401
    assert api.bearer(pair["access_token"]).status == 200


@pytest.mark.apivideo(revoke_on_login=True)
def test_a_login_can_end_the_earlier_refresh_tokens_of_its_key(
    api: Client, apivideo: ApiVideo
) -> None:
    second_key = apivideo.keys.add("sandbox")
    other = api.log_in(second_key).given()
    first, second = api.log_in().given(), api.log_in().given()
    assert api.log_in("nonsense").status == 401  # a refused login ends nothing
    assert api.refresh(first["refresh_token"]).status == 401
    assert api.refresh(second["refresh_token"]).status == 200
    assert api.refresh(other["refresh_token"]).status == 200
    assert api.bearer(first["access_token"]).status == 200  # access tokens live on


def test_auth_errors_chooses_between_two_wordings(api: Client, apivideo: ApiVideo) -> None:
    api.log_in("nonsense").is_problem(KEY)
    api.log_in(apivideo.production_key).is_problem(KEY)
    api.refresh("nonsense").is_problem(REFRESH)
    api.basic("nonsense").is_problem(KEY)
    assert api.send("POST /auth/api-key", {}).slug == "attribute-required"
    apivideo.settings.auth_errors = "spec"
    api.log_in("nonsense").is_problem(LOGIN, name="")
    api.refresh("nonsense").is_problem(LOGIN, name="")


def test_a_suspended_account_is_refused_with_403(api: Client, apivideo: ApiVideo) -> None:
    token = api.log_in().given()["access_token"]
    apivideo.settings.suspended = True
    for header in (f"Bearer {token}", token, api.basic_value(apivideo.api_key)):
        api.use(header).is_problem("authorization-suspended-account")
    api.bearer("nonsense").is_problem(TOKEN)
    api.use(None).is_problem("authentication-missing-authorization-header")
    assert api.log_in().status == 200
    apivideo.settings.suspended = False
    assert api.bearer(token).status == 200


def test_the_content_type_of_problems_can_be_changed(api: Client, apivideo: ApiVideo) -> None:
    apivideo.settings.problem_content_type = "application/json"
    refused = [api.use(None), api.bearer("x"), api.log_in("x"), api.send("POST /auth/refresh")]
    assert {one.headers["Content-Type"] for one in refused} == {"application/json"}
    assert api.log_in().headers["Content-Type"] == "application/json"


def test_a_401_can_carry_www_authenticate(api: Client, apivideo: ApiVideo) -> None:
    apivideo.settings.www_authenticate = True
    for answer in (api.use(None), api.bearer("x"), api.basic("x"), api.use("x")):
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="api.video"'
    assert "WWW-Authenticate" in api.log_in("x").headers
    apivideo.settings.auth_errors = "spec"
    assert "WWW-Authenticate" not in api.log_in("x").headers  # a 400


@pytest.mark.apivideo(extra_fields={"new": 1})
def test_extra_fields_are_in_tokens_and_refusals(api: Client) -> None:
    assert api.log_in().given()["new"] == 1
    api.log_in("x").is_problem(KEY, new=1)
