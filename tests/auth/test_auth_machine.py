"""Any sequence of logins, refreshes, uses and levers, against an independent model of the rules.

30 runs in CI; `pytest -m soak` makes 500 longer ones.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from fake_server import FakeServer
from tests.auth.conftest import ClientOf

START = 1_900_000_000  # seconds
HOSTS = {None: None, "ws.api.video": "production", "sandbox.api.video:443": "sandbox"}
# The first of each is the default.
CHOICES: dict[str, list[Any]] = {
    "environment": ["sandbox", "production"],
    "expires_in": [3600, 60, 0.5, 0],
    "refresh_expires_in": [None, 0, 90, 7200],
    "rotate_refresh": [True, False],
    "revoke_access_on_refresh": [False, True],
    "revoke_on_login": [False, True],
    "auth_errors": ["docs", "spec"],
    "allow_bare_token": [True, False],
    "allow_api_key_as_bearer": [True, False],
    "clock_skew": [0, 1, 30],
    "suspended": [False, False, True],
}
DEFAULTS = {name: values[0] for name, values in CHOICES.items()}
NOT_A_TOKEN = "authentication-invalid-access-token"
NOT_A_KEY = "authentication-invalid-api-key"
NOT_A_HEADER = "authentication-invalid-authorization-header-value"
SUSPENDED = "authorization-suspended-account"


@dataclass(eq=False)
class Key:
    """An API key as the rules see it."""

    value: str
    environment: str
    enabled: bool = True


@dataclass(eq=False)
class Access:
    """An access token as the rules see it; times in milliseconds since the start."""

    value: str
    key: Key
    expires: float
    revoked: bool = False


@dataclass(eq=False)
class Refresh:
    """A refresh token as the rules see it: dead when it was spent or revoked."""

    value: str
    key: Key
    access: Access
    expires: float
    dead: bool = False


hosts = st.sampled_from([None, None, *HOSTS])  # most calls meet the right environment
keys = st.integers(0, 2)
some_settings = {name: st.sampled_from(values) for name, values in CHOICES.items()}


class AuthMachine(RuleBasedStateMachine):
    """Does the same to the fake and to the model, and compares what both say."""

    access = Bundle("access")
    refresh = Bundle("refresh")

    def __init__(self, server: FakeServer, client_of: Any) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.apivideo = self.stack.enter_context(server.project())
        self.api = client_of(self.apivideo)
        self.stack.callback(self.api.close)
        self.apivideo.clock.freeze(START)
        self.set = dict(DEFAULTS)
        self.now = 0
        self.calls = 0
        self.tokens: list[Access] = []
        self.renewals: list[Refresh] = []
        self.keys = [
            Key(self.apivideo.sandbox_key, "sandbox"),
            Key(self.apivideo.production_key, "production"),
            Key(self.apivideo.keys.add("sandbox"), "sandbox"),
        ]

    def teardown(self) -> None:
        self.stack.close()  # raises what the fake ran into

    # The rules, as the model has them

    def here(self, host: str | None) -> str:
        return HOSTS[host] or self.set["environment"]

    def is_good(self, token: Access) -> bool:
        return not token.revoked and self.now < token.expires + self.set["clock_skew"] * 1000

    def can_renew(self, token: Refresh) -> bool:
        in_time = self.now < token.expires + self.set["clock_skew"] * 1000
        return in_time and token.key.enabled and not token.dead

    def given(self, key: Key, pair: dict[str, Any], replaced: Refresh | None) -> Refresh:
        """Note a pair of tokens; `replaced` is the refresh token that was used for it."""
        assert pair["token_type"] == "Bearer"
        assert pair["expires_in"] == int(self.set["expires_in"])
        assert pair["access_token"] not in [token.value for token in self.tokens]
        token = Access(pair["access_token"], key, self.now + self.set["expires_in"] * 1000)
        self.tokens.append(token)
        if replaced is not None and not replaced.dead:
            assert pair["refresh_token"] == replaced.value
            replaced.access = token
            return replaced
        assert pair["refresh_token"] not in [one.value for one in self.renewals]
        life = self.set["refresh_expires_in"]
        expires = float("inf") if life is None else self.now + life * 1000
        self.renewals.append(Refresh(pair["refresh_token"], key, token, expires))
        return self.renewals[-1]

    def check_exchange_refused(self, answer: Any, slug: str) -> None:
        if self.set["auth_errors"] == "docs":
            answer.is_problem(slug)
        else:
            answer.is_problem("authentication-invalid-user-credentials", name="")

    def check_use(self, header: str, host: str | None, refusal: str | None) -> None:
        answer = self.api.use(header, host=host)
        self.calls += 1
        if refusal is None and self.set["suspended"]:
            refusal = SUSPENDED
        if refusal is None:
            assert answer.status == 200, answer.body
        else:
            assert answer.slug == refusal

    # What clients do

    @initialize(target=refresh, chosen=st.fixed_dictionaries({}, optional=some_settings))
    def first_login(self, chosen: dict[str, Any]) -> Refresh:
        for name, value in chosen.items():
            self.change_to(name, value)
        number = 0 if self.set["environment"] == "sandbox" else 1
        return self.given(self.keys[number], self.api_login(number, None).given(), None)

    def api_login(self, number: int, host: str | None) -> Any:
        self.calls += 1
        return self.api.log_in(self.keys[number].value, host=host)

    @rule(target=refresh, number=keys, host=hosts)
    def log_in(self, number: int, host: str | None) -> Any:
        key, answer = self.keys[number], self.api_login(number, host)
        if not key.enabled or key.environment != self.here(host):
            self.check_exchange_refused(answer, NOT_A_KEY)
            return self.renewals[0]
        if self.set["revoke_on_login"]:
            for earlier in self.renewals:
                earlier.dead = earlier.dead or earlier.key is key
        return self.given(key, answer.given(), None)

    @rule(target=refresh, token=refresh, host=hosts)
    def renew(self, token: Refresh, host: str | None) -> Refresh:
        answer = self.api.refresh(token.value, host=host)
        self.calls += 1
        if not (self.can_renew(token) and token.key.environment == self.here(host)):
            self.check_exchange_refused(answer, "authentication-invalid-refresh-token")
            return token
        if self.set["revoke_access_on_refresh"]:
            token.access.revoked = True
        token.dead = self.set["rotate_refresh"]
        return self.given(token.key, answer.given(), token)

    @rule(token=refresh)
    def use_renewed(self, token: Refresh) -> None:
        self.use_token(token.access, "Bearer ", None)

    @rule(data=st.data(), scheme=st.sampled_from(["Bearer ", "bearer ", ""]), host=hosts)
    def use_any(self, data: st.DataObject, scheme: str, host: str | None) -> None:
        self.use_token(data.draw(st.sampled_from(self.tokens), label="token"), scheme, host)

    def use_token(self, token: Access, scheme: str, host: str | None) -> None:
        good = self.is_good(token) and token.key.environment == self.here(host)
        refusal = None if good else NOT_A_TOKEN
        if not scheme and not self.set["allow_bare_token"]:
            refusal = NOT_A_HEADER
        self.check_use(scheme + token.value, host, refusal)

    @rule(number=keys, scheme=st.sampled_from(["Basic", "Bearer", ""]), host=hosts)
    def use_key(self, number: int, scheme: str, host: str | None) -> None:
        key = self.keys[number]
        refusal = None if key.enabled and key.environment == self.here(host) else NOT_A_KEY
        if scheme == "Basic":
            return self.check_use(self.api.basic_value(key.value, "ignored"), host, refusal)
        if scheme == "":
            return self.check_use(key.value, host, NOT_A_HEADER)
        if not self.set["allow_api_key_as_bearer"]:
            refusal = NOT_A_TOKEN
        return self.check_use(f"Bearer {key.value}", host, refusal)

    @rule(token=refresh, host=hosts)
    def use_refresh_token(self, token: Refresh, host: str | None) -> None:
        self.check_use(f"Bearer {token.value}", host, NOT_A_TOKEN)

    @rule(what=st.sampled_from(["login", "refresh", "Bearer x", "Basic eDo=", "x.y.z", "x"]))
    def use_what_nobody_knows(self, what: str) -> None:
        """Such a call belongs to the current project: to this one, the newest that is open."""
        if what in ("login", "refresh"):
            self.calls += 1
            answer = self.api.log_in("x") if what == "login" else self.api.refresh("x")
            slug = NOT_A_KEY if what == "login" else "authentication-invalid-refresh-token"
            self.check_exchange_refused(answer, slug)
            return
        bare_refused = what == "x.y.z" and not self.set["allow_bare_token"]
        refusals = {"Basic eDo=": NOT_A_KEY, "x": NOT_A_HEADER}
        refusal = NOT_A_HEADER if bare_refused else refusals.get(what, NOT_A_TOKEN)
        assert self.api.use(what).slug == refusal
        self.calls += 1

    # What a tester does

    def move_to(self, moment: float) -> None:
        if moment >= self.now:
            self.apivideo.clock.advance((moment - self.now) / 1000)
            self.now = int(moment)

    @rule(seconds=st.sampled_from([0.001, 1, 29.999, 30, 60, 3599.999, 3600]))
    def advance(self, seconds: float) -> None:
        self.move_to(self.now + round(seconds * 1000))

    @rule(data=st.data(), graced=st.booleans(), beside=st.sampled_from([-1, 0, 0, 1]))
    def land_on_an_expiry(self, data: st.DataObject, graced: bool, beside: int) -> None:
        grace = self.set["clock_skew"] * 1000 if graced else 0
        expiries = [one.expires for one in self.tokens] + [one.expires for one in self.renewals]
        moments = {expiry + grace + beside for expiry in expiries}
        ahead = sorted(one for one in moments if self.now <= one < float("inf"))
        if ahead:
            self.move_to(data.draw(st.sampled_from(ahead), label="moment"))

    @rule()
    def expire_all(self) -> None:
        self.apivideo.tokens.expire_all()
        past = self.now - self.set["clock_skew"] * 1000
        for token in self.tokens:
            token.expires = min(token.expires, past)

    @rule()
    def revoke_all(self) -> None:
        self.apivideo.tokens.revoke_all()
        for token in self.tokens:
            token.revoked = True
        for renewal in self.renewals:
            renewal.dead = True

    @rule(number=keys, enabled=st.booleans())
    def switch_key(self, number: int, enabled: bool) -> None:
        key = self.keys[number]
        key.enabled = enabled
        (self.apivideo.keys.enable if enabled else self.apivideo.keys.disable)(key.value)

    @rule(data=st.data(), name=st.sampled_from(list(CHOICES)))
    def change_setting(self, data: st.DataObject, name: str) -> None:
        self.change_to(name, data.draw(some_settings[name], label=name))

    def change_to(self, name: str, value: Any) -> None:
        self.set[name] = value
        setattr(self.apivideo.settings, name, value)

    @rule(number=keys, seconds=st.sampled_from([-1, 0, 60]), target=refresh)
    def issue(self, number: int, seconds: int) -> Refresh:
        key = self.keys[number]
        grant = self.apivideo.tokens.issue(expires_in=seconds, key=key.value)
        assert grant.expires_in == seconds
        pair = grant.as_json() | {"expires_in": int(self.set["expires_in"])}
        renewal = self.given(key, pair, None)
        renewal.access.expires = self.now + seconds * 1000
        return renewal

    # What holds at any time

    @invariant()
    def the_same_tokens_are_good(self) -> None:
        good = [token.value for token in self.tokens if self.is_good(token)]
        assert [token.value for token in self.apivideo.tokens.active] == good

    @invariant()
    def the_same_refresh_tokens_are_good(self) -> None:
        tokens, now = self.apivideo.tokens, self.apivideo.clock.now_ns()
        found = {grant.refresh for grant in tokens._all()}
        good = {one.value for one in found if tokens.can_refresh(one, now)}
        assert good == {one.value for one in self.renewals if self.can_renew(one)}

    @invariant()
    def every_call_is_recorded_here(self) -> None:
        assert len(self.apivideo.calls) == self.calls


def run(server: FakeServer, client_of: ClientOf, examples: int, steps: int) -> None:
    run_state_machine_as_test(
        cast("Any", lambda: AuthMachine(server, client_of)),
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_the_fake_keeps_the_rules_of_authentication(
    apivideo_server: FakeServer, client_of: ClientOf
) -> None:
    run(apivideo_server, client_of, examples=30, steps=60)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_the_fake_keeps_the_rules_of_authentication_for_long(
    apivideo_server: FakeServer, client_of: ClientOf
) -> None:
    run(apivideo_server, client_of, examples=500, steps=80)
