"""TLS for `serve`, with a temporary certificate authority."""

from __future__ import annotations

import ipaddress
import ssl
from pathlib import Path

import trustme


def make_context(host: str, ca_file: Path) -> ssl.SSLContext:
    """Return a server's context for a host, with a certificate of a new authority.

    Clients must trust the authority's certificate in `ca_file` (`SSL_CERT_FILE`); its key is never
    written. Raises OSError if the file cannot be written.
    """
    authority = trustme.CA(key_type=trustme.KeyType.ECDSA)
    names = dict.fromkeys((host, "localhost", "127.0.0.1", "::1"))
    identities = [name for name in names if name not in ("0.0.0.0", "::")]  # noqa: S104 - no bind
    leaf = authority.issue_cert(*map(_normalized, identities), key_type=trustme.KeyType.ECDSA)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    leaf.configure_cert(context)
    ca_file.parent.mkdir(parents=True, exist_ok=True)
    authority.cert_pem.write_to_path(ca_file)
    return context


def _normalized(name: str) -> str:
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        return name
