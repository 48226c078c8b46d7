"""The throw-away certificate authority of a test session, and the server's side of TLS."""

from __future__ import annotations

import ssl
from pathlib import Path

from pytest_apivideo.network.interception.routes import (
    DOMAIN,
    HOSTS,
    SITE,
    Trust,
    original_context_class,
)


def make_certificates(folder: Path) -> tuple[ssl.SSLContext, Trust]:
    """Create an authority, and return the server's context and the trust in it.

    The certificate covers api.video's other hosts too, so that a request for one of them gets a
    readable refusal. Valid from the year 2000 to 3000. `folder` gets the authority's certificate;
    private keys are deleted from the disk before this returns.
    """
    import trustme

    authority = trustme.CA(organization_name="pytest-apivideo")
    ca, chain = folder / "ca.pem", folder / "server.pem"
    authority.cert_pem.write_to_path(ca)
    context = original_context_class()(ssl.PROTOCOL_TLS_SERVER)
    try:
        authority.issue_cert(
            *HOSTS, SITE, f"*{DOMAIN}"
        ).private_key_and_cert_chain_pem.write_to_path(chain)
        context.load_cert_chain(chain)
    finally:
        chain.unlink(missing_ok=True)
    return context, Trust(str(ca))
