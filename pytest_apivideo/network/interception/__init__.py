"""Programs that call `https://ws.api.video` reach the fake, unmodified, over real TLS.

No HTTP library is patched. Name resolution maps api.video's hosts to loopback addresses, `connect`
redirects those to the fake's port, and the TLS handshake uses a context that trusts only a
throw-away certificate authority. A real server cannot pass that handshake.

routes.py             the hosts, and the destination of a connection to one
standard_library.py   the hooks in `socket` and `ssl`
adapters.py           hooks for libraries that bypass those: uvloop, aiodns, pyOpenSSL
hooks.py              installs and removes all hooks together
patches.py            replaces attributes and restores them    imports.py  patches modules at import
children.py  child/   environment variables and code for child processes
certificates.py       the certificate authority                session.py  used by the fixtures

The modules up to `imports.py` also run in child processes, which load them by path: they import
each other relatively, and otherwise only the standard library.
"""
