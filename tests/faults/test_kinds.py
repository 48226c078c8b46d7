"""Each kind of fault is what it claims to be, for every client, over plain HTTP and over TLS."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fake_server.faults import Fault
from tests.faults.clients import CLIENTS, LONG, SHORT
from tests.faults.conftest import Wire

Kind = Callable[[Fault], Fault]

KINDS: dict[str, tuple[Kind, str]] = {
    "a status": (lambda fault: fault.respond(503), "503"),
    "too many requests": (lambda fault: fault.respond(429, retry_after=7), "429"),
    "a success of another shape": (
        lambda fault: fault.respond(200, body="[", headers={"Content-Type": "application/json"}),
        "no JSON",
    ),
    "a long delay": (lambda fault: fault.delay(60), "late"),
    "a short delay": (lambda fault: fault.delay(0.01), "ok"),
    "a hold": (lambda fault: fault.hold(), "late"),
    "dropped before": (lambda fault: fault.drop(), "closed"),
    "dropped after": (lambda fault: fault.drop("after"), "closed"),
    "dropped in the middle": (lambda fault: fault.drop("middle"), "incomplete"),
    "reset before": (lambda fault: fault.drop(reset=True), "reset"),
    "reset after": (lambda fault: fault.drop("after", reset=True), "reset"),
    "reset in the middle": (lambda fault: fault.drop("middle", reset=True), "reset"),
    "cut JSON": (lambda fault: fault.corrupt("truncated"), "no JSON"),
    "spoilt JSON": (lambda fault: fault.corrupt("invalid"), "no JSON"),
    "no body": (lambda fault: fault.corrupt("empty"), "no JSON"),
    "another content type": (lambda fault: fault.corrupt("content_type"), "text/html"),
    "a body that comes slowly": (lambda fault: fault.throttle(0.2), "ok"),
    "a body that comes too slowly": (lambda fault: fault.throttle(60), "late"),
    "an expired token": (lambda fault: fault.expire_token(), "401"),
    "a revoked token": (lambda fault: fault.revoke_token(), "401"),
}
"""What to do with a fault, and what a client sees of it."""

SEEN = [
    (kind, client)
    for kind in KINDS
    for client in CLIENTS
    if client == "SDK" or not kind.endswith("token")  # the others send the API key itself
]

UNSEEN = {("SDK", "another content type"): "ok"}
"""What a client does not look at."""

OVER_TLS = {"reset before": "closed", "reset after": "closed", "reset in the middle": "incomplete"}
"""Python's ssl reports a reset as an end."""


@pytest.mark.parametrize(("kind", "client"), SEEN)
def test_a_client_raises_the_error_of_the_fault(wire: Wire, kind: str, client: str) -> None:
    make, expected = KINDS[kind]
    expected = UNSEEN.get((client, kind), expected)
    fault = make(wire.account.on("GET /videos"))
    patience = SHORT if expected == "late" else LONG
    seen = CLIENTS[client](wire.account, wire.ca, patience)
    assert seen == (OVER_TLS.get(kind, expected) if wire.tls else expected)
    fault.wait_for(1, timeout=LONG)  # a client that has given up may be ahead of the server
    assert fault.fired == 1
    fault.remove()
    assert CLIENTS[client](wire.account, wire.ca, LONG) == "ok"
