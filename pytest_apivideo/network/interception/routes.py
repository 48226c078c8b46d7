"""The hosts of api.video, and the destination of a connection to one of them."""

from __future__ import annotations

import os
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ssl
    from typing import TypeAlias

    Destination: TypeAlias = "RouteToFake | Blocked"

SITE = "api.video"
DOMAIN = f".{SITE}"
HOSTS = tuple(name + DOMAIN for name in ("ws", "sandbox", "admin", "vod", "cdn", "embed", "live"))
"""The hosts that the fake stands for: API, Admin API and assets."""

OTHERS = (
    SITE,
    *(name + DOMAIN for name in ("www", "upload", "broadcast", "collector", "docs", "dashboard")),
)
"""Other hosts of api.video, for programs that must be given each name, such as curl."""

HTTPS = 443

_MORE = "See docs/interception.md of pytest-apivideo"
_ADDRESSES = {host: f"127.86.0.{number}" for number, host in enumerate(HOSTS, 1)}
_NAMES = {address: host for host, address in _ADDRESSES.items()}


class BlockedHostError(RuntimeError):
    """Raised for a connection to a host of api.video that pytest-apivideo blocks.

    It is not an OSError, because programs retry those or take them for network failures.
    """


class ReplacedError(RuntimeError):
    """Raised if another library has replaced Python's sockets, so that hooks would be bypassed."""

    def __init__(self, name: str, found: object) -> None:
        super().__init__(
            f"{name} is {found!r}, not Python's own. apivideo_intercept cannot work with gevent's "
            "or eventlet's sockets: give your program the address apivideo.url instead. "
            f"{_MORE}"
        )


class Trust:
    """Trust in the throw-away certificate authority; `ca` is its certificate's file."""

    def __init__(self, ca: str) -> None:
        self.ca = ca

    @cached_property
    def context(self) -> ssl.SSLContext:
        """A client's context that trusts the fake only."""
        import ssl  # late: most child processes never need it

        context = original_context_class()(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(self.ca)
        return context


class BlockedHosts:
    """The blocked hosts in order: those of this process, then those of its children.

    Child processes, forked or created with `of_another=True`, append theirs to `file`.
    """

    def __init__(self, file: str | None = None, *, of_another: bool = False) -> None:
        self.file = file
        self._here: list[str] = []
        self._process = None if of_another else os.getpid()

    @property
    def is_elsewhere(self) -> bool:
        """Whether this is another process than the test's."""
        return os.getpid() != self._process

    def append(self, host: str) -> None:
        """Record a host."""
        if not self.is_elsewhere:
            self._here.append(host)
        elif self.file is not None:
            with (
                suppress(OSError),
                open(self.file, "a", encoding="ascii", errors="replace") as file,  # noqa: PTH123 - light
            ):
                file.write(f"{host}\n")

    def hosts(self) -> tuple[str, ...]:
        """Return all recorded hosts."""
        if self.file is None or not os.path.exists(self.file):  # noqa: PTH110 - light
            return tuple(self._here)
        with open(self.file, encoding="ascii") as file:  # noqa: PTH123 - light
            return (*self._here, *file.read().splitlines())


class RouteToFake:
    """A destination: the fake at `address`; `blocked` records the hosts that it lacks."""

    def __init__(
        self, address: tuple[str, int], trust: Trust, blocked: BlockedHosts | None = None
    ) -> None:
        self.address = address
        self.trust = trust
        self.blocked = blocked or BlockedHosts()

    def check(self, host: str) -> None:
        """Raise BlockedHostError for a host that the fake does not stand for."""
        if host not in HOSTS:
            self.blocked.append(host)
            raise BlockedHostError(
                f"pytest-apivideo stopped a connection to {host}: the fake stands for "
                f"{', '.join(HOSTS)} and no other host of api.video. If your program needs this "
                f"one, replace that call in the test. {_MORE}"
            )

    def check_port(self, host: str, port: Any) -> None:
        """Raise BlockedHostError unless the port is that of HTTPS."""
        if port not in (HTTPS, str(HTTPS), "https"):  # uvloop takes names
            self.blocked.append(host)
            raise BlockedHostError(
                f"pytest-apivideo stopped a connection to {host}, port {port}: the fake stands "
                f"for https://{host} only, port {HTTPS}. {_MORE}"
            )

    def check_peer(self, host: str, peer: Any) -> None:
        """Raise BlockedHostError if the socket is connected elsewhere, such as to a proxy."""
        if peer is not None and tuple(peer)[:2] != self.address:
            self.blocked.append(host)
            raise BlockedHostError(
                f"pytest-apivideo stopped a TLS handshake with {host}: the connection leads to "
                f"{peer!r}, which is not the fake. Is there a proxy that ignores NO_PROXY, or a "
                f"connection from before the test? {_MORE}"
            )


class Blocked:
    """A destination that refuses every connection; `blocked` records the hosts."""

    def __init__(self, blocked: BlockedHosts | None = None) -> None:
        self.blocked = blocked or BlockedHosts()

    def check(self, host: str) -> None:
        """Raise BlockedHostError."""
        self.blocked.append(host)
        child_hint = (
            "If the test does use the fixture: this process was started before the fixture was set "
            "up; start it afterwards. "
            if self.blocked.is_elsewhere
            else ""
        )
        raise BlockedHostError(
            f"pytest-apivideo stopped a connection to {host}: this test uses the fake api.video, "
            "but what it runs calls the real one. Use the fixture apivideo_intercept, which leads "
            "such calls to the fake (for all tests, in pytest's ini file: usefixtures = "
            "apivideo_intercept), or give your program the address apivideo.url. If it must reach "
            f"the real service: --apivideo-real-hosts=allow. {child_hint}{_MORE}"
        )


class Routes:
    """A stack of destinations, of which the newest applies; empty at first."""

    def __init__(self) -> None:
        self._stack: list[Destination] = []

    def __bool__(self) -> bool:
        return bool(self._stack)

    def begin(self, destination: Destination) -> None:
        """Add a destination for api.video's hosts."""
        self._stack.append(destination)

    def end(self, destination: Destination) -> None:
        """Remove a destination, in any order; an earlier one then applies."""
        self._stack = [one for one in self._stack if one is not destination]

    def route_to(self, host: object) -> RouteToFake | None:
        """Return the route of a host, given by name or by its loopback address.

        None if the host is not api.video's, or no destination applies. Raises BlockedHostError.
        """
        stack = self._stack
        name = name_of(host) if stack else None
        if name is None:
            return None
        destination = stack[-1]
        destination.check(name)
        assert isinstance(destination, RouteToFake)  # the other one has raised
        return destination


def name_of(host: object) -> str | None:
    """Return the normalized name of an api.video host or loopback address; None for others."""
    if isinstance(host, (bytes, bytearray)):
        host = bytes(host).decode("latin-1")
    if not isinstance(host, str):
        return None
    if not host.isascii():
        from unicodedata import normalize  # late: hardly any name needs it

        host = normalize("NFKC", host).replace("\u3002", ".")  # as IDNA reads letters and dots
    name = host.lower().rstrip(".")
    if name in _NAMES:
        return _NAMES[name]
    return name if name.endswith(DOMAIN) or name == SITE else None


def address_of(host: object) -> str:
    """Return the loopback address that name resolution gives for a host of api.video."""
    name = name_of(host)
    assert name is not None
    return _ADDRESSES[name]


def original_context_class() -> type[ssl.SSLContext]:
    """Return the standard library's class, which truststore, for one, replaces by a subclass.

    Raises ReplacedError if it cannot be found.
    """
    import ssl

    for one in ssl.SSLContext.__mro__:
        if one.__module__ == "ssl" and one.__name__ == "SSLContext":
            found: type[ssl.SSLContext] = one
            return found
    raise ReplacedError("ssl.SSLContext", ssl.SSLContext)
