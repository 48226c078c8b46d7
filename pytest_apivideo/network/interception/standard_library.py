"""The hooks in `socket` and `ssl`: resolve, connect, shake hands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from .patches import Patches, beneath
from .routes import (
    BlockedHostError,
    ReplacedError,
    Routes,
    address_of,
    name_of,
    true_context,
)

Function = Callable[..., Any]


def patch_socket(socket: Any, routes: Routes, patches: Patches) -> None:
    """Resolve our hosts to addresses of ours, and connect those to the fake.

    Raises ReplacedError if something else, such as gevent, has taken the place of Python's sockets.
    """

    def getaddrinfo(original: Function) -> Function:
        def resolve(
            host: Any,
            port: Any,
            family: int = 0,
            type: int = 0,  # noqa: A002 - as the original's
            proto: int = 0,
            flags: int = 0,
        ) -> Any:
            if routes.leads(host):
                flags &= ~socket.AI_ADDRCONFIG
                return beneath(original)(address_of(host), port, family, type, proto, flags)
            return original(host, port, family, type, proto, flags)

        return resolve

    def by_name(original: Function) -> Function:
        def resolve(host: Any, /) -> Any:
            if routes.leads(host):
                return beneath(original)(address_of(host))
            return original(host)

        return resolve

    def connecting(original: Function) -> Function:
        def connect(sock: Any, address: Any, /) -> Any:
            if not routes or not isinstance(address, tuple) or not address:
                return original(sock, address)
            with _closed_if_blocked(sock):
                route = routes.leads(address[0])
                if route:
                    route.check_port(name_of(address[0]) or "", address[1])
                    address = route.address
            return original(sock, address)

        return connect

    patches.replace(socket, "getaddrinfo", getaddrinfo)
    patches.replace(socket, "gethostbyname", by_name)
    patches.replace(socket, "gethostbyname_ex", by_name)
    patches.replace(_true_socket(socket), "connect", connecting)
    patches.replace(_true_socket(socket), "connect_ex", connecting)


def patch_ssl(ssl: Any, routes: Routes, patches: Patches) -> None:
    """Shake hands for our hosts with our context instead of the caller's, which stays as it is.

    The caller's session belongs to its context, so there is none. Its ALPN goes too: HTTP/1.1.
    """
    true = true_context()
    wrap_socket_itself, wrap_bio_itself = beneath(true.wrap_socket), beneath(true.wrap_bio)

    def wrap_socket(original: Function) -> Function:
        def wrap(
            context: Any,
            sock: Any,
            server_side: bool = False,
            do_handshake_on_connect: bool = True,
            suppress_ragged_eofs: bool = True,
            server_hostname: Any = None,
            session: Any = None,
        ) -> Any:
            flags = (server_side, do_handshake_on_connect, suppress_ragged_eofs)
            with _closed_if_blocked(sock):
                route = None if server_side else routes.leads(server_hostname)
                if route:
                    route.check_peer(name_of(server_hostname) or "", _peer(sock))
            if route is None:
                return original(context, sock, *flags, server_hostname, session)
            return wrap_socket_itself(route.trust.context, sock, *flags, server_hostname)

        return wrap

    def wrap_bio(original: Function) -> Function:
        def wrap(
            context: Any,
            incoming: Any,
            outgoing: Any,
            server_side: bool = False,
            server_hostname: Any = None,
            session: Any = None,
        ) -> Any:
            route = None if server_side else routes.leads(server_hostname)
            if route is None:
                return original(context, incoming, outgoing, server_side, server_hostname, session)
            return wrap_bio_itself(route.trust.context, incoming, outgoing, False, server_hostname)

        return wrap

    for owner in _with_subclasses(true):
        for name, make in (("wrap_socket", wrap_socket), ("wrap_bio", wrap_bio)):
            if name in vars(owner):
                patches.replace(owner, name, make)


@contextmanager
def _closed_if_blocked(sock: Any) -> Iterator[None]:
    """Close the socket if the block raises, for callers clean up after an OSError only."""
    try:
        yield
    except BlockedHostError:
        sock.close()
        raise


def _peer(sock: Any) -> Any:
    try:
        return sock.getpeername()
    except OSError:  # not connected yet: `connect` will look after it
        return None


def _true_socket(socket: Any) -> Any:
    """The standard library's own class: pytest-socket, for one, puts a subclass in its place."""
    for one in socket.socket.__mro__:
        if one.__module__ == "socket" and one.__name__ == "socket":
            return one
    raise ReplacedError("socket.socket", socket.socket)


def _with_subclasses(cls: Any) -> list[Any]:
    """A class and all that derive from it, each once."""
    found = {cls: None}
    for subclass in cls.__subclasses__():
        found |= dict.fromkeys(_with_subclasses(subclass))
    return list(found)
