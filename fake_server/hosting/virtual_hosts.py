"""Other hosts that a host may be taken for: clients of theirs are led to it, over TLS."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class VirtualHosts:
    """The certificate for the other hosts (in the context), and which requests are not for us.

    `refusal(scheme, host)`, of a request's scheme and Host header, says why it is none for us, and
    None if it is: a connection can come here by mistake, and it outlives, in the pool of a client,
    the time in which it was led here. Such requests get 421 (Misdirected Request) and the words.
    """

    ssl_context: ssl.SSLContext
    refusal: Callable[[str, str], str | None]
