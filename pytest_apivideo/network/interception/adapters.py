"""Hooks for libraries that bypass `socket` and `ssl`: uvloop, aiodns, pyOpenSSL."""

from __future__ import annotations

from typing import Any

from .patches import Patches, beneath
from .routes import Routes, address_of, name_of


def patch_uvloop(uvloop: Any, routes: Routes, patches: Patches) -> None:
    """Patch uvloop, which resolves and connects in C; its TLS uses `SSLContext.wrap_bio`."""

    def getaddrinfo(original: Any) -> Any:
        async def resolve(loop: Any, host: Any, port: Any, **options: Any) -> Any:
            if routes.route_to(host):
                return await beneath(original)(loop, address_of(host), port, **options)
            return await original(loop, host, port, **options)

        return resolve

    def create_connection(original: Any) -> Any:
        async def connect(
            loop: Any, protocol: Any, host: Any = None, port: Any = None, **options: Any
        ) -> Any:
            if route := routes.route_to(host):
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
    """Patch aiodns, which aiohttp uses as its resolver when it is installed."""

    def resolving(original: Any) -> Any:
        def resolve(resolver: Any, host: Any, *rest: Any, **options: Any) -> Any:
            if routes.route_to(host):
                return beneath(original)(resolver, address_of(host), *rest, **options)
            return original(resolver, host, *rest, **options)

        return resolve

    for name in ("getaddrinfo", "gethostbyname"):
        if hasattr(aiodns.DNSResolver, name):  # each exists in some versions only
            patches.replace(aiodns.DNSResolver, name, resolving)


def patch_pyopenssl(pyopenssl: Any, routes: Routes, patches: Patches) -> None:
    """Patch urllib3's pyOpenSSL contexts, which do not derive from `ssl.SSLContext`."""

    def wrap_socket(original: Any) -> Any:
        def wrap(
            context: Any,
            sock: Any,
            server_side: bool = False,
            do_handshake_on_connect: bool = True,
            suppress_ragged_eofs: bool = True,
            server_hostname: Any = None,
        ) -> Any:
            wrap_it = original
            if not server_side and (route := routes.route_to(server_hostname)):
                route.check_peer(name_of(server_hostname) or "", sock.getpeername())
                wrap_it, context = beneath(original), _context_trusting(pyopenssl, route.trust.ca)
            flags = (server_side, do_handshake_on_connect, suppress_ragged_eofs)
            return wrap_it(context, sock, *flags, server_hostname)

        return wrap

    if hasattr(pyopenssl, "PyOpenSSLContext"):  # urllib3-future lacks it
        patches.replace(pyopenssl.PyOpenSSLContext, "wrap_socket", wrap_socket)


def _context_trusting(pyopenssl: Any, ca: str) -> Any:
    import ssl

    context = pyopenssl.PyOpenSSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(ca)
    return context
