"""Programs that call `https://ws.api.video` reach the fake, unmodified, over real TLS.

No HTTP library is patched. Name resolution gives api.video's hosts loopback addresses of our own,
`connect` sends those to the fake's port, and the TLS handshake is made with a context of ours that
trusts a throw-away certificate authority and nothing else. So nothing that slips past the first two
can pass the third: a real server never sees a byte of a request.

routes.py             which hosts there are, and what becomes of a connection to one
standard_library.py   the hooks in `socket` and `ssl`
adapters.py           what goes around those: uvloop, aiodns, pyOpenSSL
hooks.py              all hooks, put in place and taken away as one
patches.py            attributes replaced and put back    imports.py  modules patched when imported
children.py  child/   the environment, and the code in it, that leads child processes to the fake
certificates.py       the certificate authority           session.py  what the fixtures hold

The modules up to `imports.py` also run in child processes, whose Python loads them by their path:
they import each other relatively, and otherwise the standard library only.
"""
