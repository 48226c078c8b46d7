"""The hooks in `socket` and `ssl`: resolve, connect, shake hands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from .patches import Patches, beneath
from .routes import (
    BlockedHostError,
    ReplacedError,
    Routes,
    address_of,
    name_of,
    original_context_class,
)

Function = Callable[..., Any]


def patch_socket(socket: Any, routes: Routes, patches: Patches) -> None:
    """Patch name resolution and `connect`, so that api.video's hosts reach the fake.

    Raises ReplacedError if another library, such as gevent, has replaced Python's sockets.
    """
    resolve_by_name, connect = partial(_resolve_by_name, routes), partial(_connect, routes)
    patches.replace(socket, "getaddrinfo", partial(_getaddrinfo, routes, socket.AI_ADDRCONFIG))
    patches.replace(socket, "gethostbyname", resolve_by_name)
    patches.replace(socket, "gethostbyname_ex", resolve_by_name)
    patches.replace(_original_socket_class(socket), "connect", connect)
    patches.replace(_original_socket_class(socket), "connect_ex", connect)


def _getaddrinfo(routes: Routes, only_configured: int, original: Function) -> Function:
    def resolve(
        host: Any,
        port: Any,
        family: int = 0,
        type: int = 0,  # noqa: A002 - the original's name
        proto: int = 0,
        flags: int = 0,
    ) -> Any:
        if routes.route_to(host):
            flags &= ~only_configured
            return beneath(original)(address_of(host), port, family, type, proto, flags)
        return original(host, port, family, type, proto, flags)

    return resolve


def _resolve_by_name(routes: Routes, original: Function) -> Function:
    def resolve(host: Any, /) -> Any:
        if routes.route_to(host):
            return beneath(original)(address_of(host))
        return original(host)

    return resolve


def _connect(routes: Routes, original: Function) -> Function:
    def connect(sock: Any, address: Any, /) -> Any:
        if not routes or not isinstance(address, tuple) or not address:
            return original(sock, address)
        with _closed_if_blocked(sock):
            route = routes.route_to(address[0])
            if route:
                route.check_port(name_of(address[0]) or "", address[1])
                address = route.address
        return original(sock, address)

    return connect


def patch_ssl(ssl: Any, routes: Routes, patches: Patches) -> None:
    """Patch TLS handshakes, so that api.video's hosts get our context in place of the caller's.

    The caller's session and ALPN protocols belong to its context and are ignored: HTTP/1.1.
    """
    context_class = original_context_class()
    factories = {
        "wrap_socket": partial(_wrap_socket, routes, beneath(context_class.wrap_socket)),
        "wrap_bio": partial(_wrap_bio, routes, beneath(context_class.wrap_bio)),
    }
    for owner in _with_subclasses(context_class):
        for name, factory in factories.items():
            if name in vars(owner):
                patches.replace(owner, name, factory)


def _wrap_socket(routes: Routes, wrap_ours: Function, original: Function) -> Function:
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
            route = None if server_side else routes.route_to(server_hostname)
            if route:
                route.check_peer(name_of(server_hostname) or "", _peer(sock))
        if route is None:
            return original(context, sock, *flags, server_hostname, session)
        return wrap_ours(route.trust.context, sock, *flags, server_hostname)

    return wrap


def _wrap_bio(routes: Routes, wrap_ours: Function, original: Function) -> Function:
    def wrap(
        context: Any,
        incoming: Any,
        outgoing: Any,
        server_side: bool = False,
        server_hostname: Any = None,
        session: Any = None,
    ) -> Any:
        route = None if server_side else routes.route_to(server_hostname)
        if route is None:
            return original(context, incoming, outgoing, server_side, server_hostname, session)
        return wrap_ours(route.trust.context, incoming, outgoing, False, server_hostname)

    return wrap


@contextmanager
def _closed_if_blocked(sock: Any) -> Iterator[None]:
    """Close the socket if the block raises, because callers clean up after an OSError only."""
    try:
        yield
    except BlockedHostError:
        sock.close()
        raise


def _peer(sock: Any) -> Any:
    try:
        return sock.getpeername()
    except OSError:  # not connected yet: `connect` will check it
        return None


def _original_socket_class(socket: Any) -> Any:
    """Return the standard library's class, which pytest-socket, for one, replaces by a subclass."""
    for one in socket.socket.__mro__:
        if one.__module__ == "socket" and one.__name__ == "socket":
            return one
    raise ReplacedError("socket.socket", socket.socket)


def _with_subclasses(cls: Any) -> list[Any]:
    """Return a class and all its subclasses, each once."""
    found = {cls: None}
    for subclass in cls.__subclasses__():
        found |= dict.fromkeys(_with_subclasses(subclass))
    return list(found)
