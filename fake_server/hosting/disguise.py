"""Other hosts that a host may be taken for: clients of theirs are led to it, over TLS."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


@dataclass(frozen=True)
class Disguise:
    """The names, the certificate for them (in the context), and whether clients are led here now.

    A connection outlives the time in which it was led here, in the pool of a client. Requests on it
    are refused meanwhile with 421 (Misdirected Request) and these words.
    """

    hosts: frozenset[str]
    ssl_context: ssl.SSLContext
    is_worn: Callable[[], bool]
    refusal: str

    def refuses(self, environ: WSGIEnvironment) -> bool:
        """Whether the request is for one of the other hosts, at a time when it is not led here."""
        if self.is_worn() or environ["wsgi.url_scheme"] != "https":
            return False
        host: str = environ.get("HTTP_HOST", "")
        return host.partition(":")[0].lower().rstrip(".") in self.hosts
