"""What goes around the standard library: uvloop and aiodns resolve, pyOpenSSL shakes hands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .patches import Patches, beneath
from .routes import Routes, address_of, name_of

Function = Callable[..., Any]


def patch_uvloop(uvloop: Any, routes: Routes, patches: Patches) -> None:
    """uvloop resolves and connects in C: give it the fake's address in the place of our hosts'.

    Its TLS goes through `SSLContext.wrap_bio`.
    """

    def getaddrinfo(original: Function) -> Function:
        async def resolve(loop: Any, host: Any, port: Any, **options: Any) -> Any:
            if routes.leads(host):
                return await beneath(original)(loop, address_of(host), port, **options)
            return await original(loop, host, port, **options)

        return resolve

    def create_connection(original: Function) -> Function:
        async def connect(
            loop: Any, protocol: Any, host: Any = None, port: Any = None, **options: Any
        ) -> Any:
            route = routes.leads(host)
            if route:
                name = name_of(host) or ""
                route.check_port(name, port)
                if options.get("ssl") and options.get("server_hostname") is None:
                    options["server_hostname"] = name
                host, port = route.address
            return await original(loop, protocol, host, port, **options)

        return connect

    patches.replace(uvloop.Loop, "getaddrinfo", getaddrinfo)
    patches.replace(uvloop.Loop, "create_connection", create_connection)


def patch_aiodns(aiodns: Any, routes: Routes, patches: Patches) -> None:
    """aiodns, aiohttp's resolver when it is installed, asks the DNS by itself."""

    def resolving(original: Function) -> Function:
        def resolve(resolver: Any, host: Any, *rest: Any, **options: Any) -> Any:
            if routes.leads(host):
                return beneath(original)(resolver, address_of(host), *rest, **options)
            return original(resolver, host, *rest, **options)

        return resolve

    for name in ("getaddrinfo", "gethostbyname"):
        if hasattr(aiodns.DNSResolver, name):  # each exists in some versions only
            patches.replace(aiodns.DNSResolver, name, resolving)


def patch_pyopenssl(pyopenssl: Any, routes: Routes, patches: Patches) -> None:
    """urllib3 can shake hands by pyOpenSSL, whose contexts are none of Python's."""

    def wrap_socket(original: Function) -> Function:
        def wrap(
            context: Any,
            sock: Any,
            server_side: bool = False,
            do_handshake_on_connect: bool = True,
            suppress_ragged_eofs: bool = True,
            server_hostname: Any = None,
        ) -> Any:
            route = None if server_side else routes.leads(server_hostname)
            if route:
                route.check_peer(name_of(server_hostname) or "", sock.getpeername())
            flags = (server_side, do_handshake_on_connect, suppress_ragged_eofs)
            if route:
                ours = _trusting(pyopenssl, route.trust.ca)
                return beneath(original)(ours, sock, *flags, server_hostname)
            return original(context, sock, *flags, server_hostname)

        return wrap

    if hasattr(pyopenssl, "PyOpenSSLContext"):  # urllib3-future has none
        patches.replace(pyopenssl.PyOpenSSLContext, "wrap_socket", wrap_socket)


def _trusting(pyopenssl: Any, ca: str) -> Any:
    import ssl

    context = pyopenssl.PyOpenSSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(ca)
    return context
