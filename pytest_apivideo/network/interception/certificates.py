"""The throw-away certificate authority of a test session, and the server's side of TLS."""

from __future__ import annotations

import ssl
from pathlib import Path

from pytest_apivideo.network.interception.routes import DOMAIN, HOSTS, SITE, Trust, true_context


def make_certificates(folder: Path) -> tuple[ssl.SSLContext, Trust]:
    """Make an authority and a certificate for api.video's hosts: the server's context, the trust.

    The certificate is for all their other hosts as well, so that what comes here for one of them by
    mistake can be told why it is refused. Both are valid from the year 2000 to 3000. `folder` gets
    the authority's certificate; private keys do not outlive this call on the disk.
    """
    import trustme

    authority = trustme.CA(organization_name="pytest-apivideo")
    ca, chain = folder / "ca.pem", folder / "server.pem"
    authority.cert_pem.write_to_path(ca)
    context = true_context()(ssl.PROTOCOL_TLS_SERVER)
    try:
        authority.issue_cert(
            *HOSTS, SITE, f"*{DOMAIN}"
        ).private_key_and_cert_chain_pem.write_to_path(chain)
        context.load_cert_chain(chain)
    finally:
        chain.unlink(missing_ok=True)
    return context, Trust(str(ca))
