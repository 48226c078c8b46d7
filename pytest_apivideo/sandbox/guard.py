"""Which addresses and keys may be used as a sandbox: production is refused before anything is sent.

api.video's keys do not say which environment they are for. So a key looks like one of production if
a variable of the environment with PROD in its name holds the same, or if the account that it opens
has the rate limits of production (`account.py` looks at those before the first test).
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from pytest_apivideo.network.addresses import (
    AddressError,
    host_of,
    is_loopback,
    is_of_apivideo,
    without_credentials,
)
from pytest_apivideo.options import KEY_VARIABLE

SANDBOX = "https://sandbox.api.video"
_PRODUCTION_NAME = re.compile(
    r"PROD.*(KEY|TOKEN|SECRET|API_?VIDEO)|(KEY|TOKEN|SECRET|API_?VIDEO).*PROD"
    r"|^(?!.*SANDBOX).*API_?VIDEO.*(KEY|TOKEN|REFRESH)"
)
_MIN_KEY = 6  # characters; a shorter value would be found everywhere


class SandboxRefused(Exception):  # noqa: N818 - named for what happened
    """Raised if the sandbox cannot be used; says why, and what is valid."""


class SandboxBusy(SandboxRefused):
    """Raised if the sandbox answered 429 twice: a later attempt may succeed."""


def checked_url(url: str) -> str:
    """Return the base URL of a sandbox, without a slash at the end.

    Raises SandboxRefused for every host of api.video but the sandbox, for anything but an HTTP
    address with a host in plain letters, and for plain HTTP to anything but this machine.
    """
    shown = without_credentials(url)
    try:
        host = host_of(url)
    except AddressError:
        raise SandboxRefused(
            f"{shown!r} is not the address of a sandbox, such as {SANDBOX}: the host is written "
            "in plain letters, and nothing stands before it."
        ) from None
    parts = urlsplit(url)
    if parts.query or parts.fragment:
        raise SandboxRefused(f"{shown!r} has a query or a fragment, which a base URL has not.")
    if host != "sandbox.api.video" and is_of_apivideo(host):
        raise SandboxRefused(
            f"{host} is not a sandbox. Tests create and delete things, so they never go to "
            f"production; the sandbox of api.video is {SANDBOX}."
        )
    if parts.scheme == "http" and not is_loopback(url):
        raise SandboxRefused(f"{shown!r} would carry the API key in clear text: use https.")
    origin = f"{parts.scheme}://{parts.netloc.lower()}"  # so that ledgers name it alike
    return f"{origin}{parts.path}".rstrip("/")


def production_keys(own: str | None, environ: Mapping[str, str] = os.environ) -> set[str]:
    """Return the keys of production in the environment, which must not leave this machine.

    Those are in variables with PROD and KEY, TOKEN or API_VIDEO in their names, and in the usual
    variables for a key of api.video, which seldom hold a key of the sandbox.
    """
    return {
        value.strip()
        for name, value in environ.items()
        if _PRODUCTION_NAME.search(name.upper())
        and len(value.strip()) >= _MIN_KEY
        and not re.search(r"\s|://", value.strip())
        and value.strip() != own
    }


def checked_key(environ: Mapping[str, str] = os.environ) -> str | None:
    """Return the sandbox's API key from its own variable; None if that is not set.

    Raises SandboxRefused if it is the value of a variable with PROD in its name.
    """
    key = environ.get(KEY_VARIABLE, "").strip()
    if not key:
        return None
    for name, value in environ.items():
        if "PROD" in name.upper() and value.strip() == key:
            raise SandboxRefused(
                f"{KEY_VARIABLE} holds the same key as {name}, so it looks like a key of "
                "production. Make a key for the sandbox on api.video's dashboard."
            )
    return key
