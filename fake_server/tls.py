"""TLS for `serve`: a throw-away authority, known to nobody who is not told of it."""

from __future__ import annotations

import ipaddress
import ssl
from pathlib import Path

import trustme


def make_context(host: str, certificate_of_authority: Path) -> ssl.SSLContext:
    """A server's context for a host name or address, from an authority made for it alone.

    The authority's certificate is written to the path, for clients to trust (`SSL_CERT_FILE`); its
    key is never written. Raises OSError if the file cannot be written.
    """
    authority = trustme.CA(key_type=trustme.KeyType.ECDSA)
    names = dict.fromkeys((host, "localhost", "127.0.0.1", "::1"))
    identities = [name for name in names if name not in ("0.0.0.0", "::")]  # noqa: S104 - no bind
    leaf = authority.issue_cert(*map(_spelt, identities), key_type=trustme.KeyType.ECDSA)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    leaf.configure_cert(context)
    certificate_of_authority.parent.mkdir(parents=True, exist_ok=True)
    authority.cert_pem.write_to_path(certificate_of_authority)
    return context


def _spelt(name: str) -> str:
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        return name
