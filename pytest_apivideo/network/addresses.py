"""Which host an address means: only one that every client understands alike."""

from __future__ import annotations

import ipaddress
import re

_ADDRESS = re.compile(
    r"(?P<scheme>https?)://"
    r"(?P<host>[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?|\[[0-9a-f:.]+\])"
    r"(?::(?P<port>\d{1,5}))?"
    r"(?P<rest>[/?#][!-~]*)?",
    re.ASCII | re.IGNORECASE,
)


class AddressError(ValueError):
    """Not an address that could mean one host only."""


def host_of(url: str) -> str:
    """Return the host of an HTTP address, in lower case and without a dot at its end.

    Raises AddressError for everything that a client may read otherwise: characters beyond ASCII
    (`。` is a dot to those that know of international names), percent signs, credentials, spaces.
    """
    found = _ADDRESS.fullmatch(url)
    if found is None or int(found["port"] or 0) > 65535:
        raise AddressError(url)
    return found["host"].strip("[]").rstrip(".").lower()


def is_of_apivideo(host: str) -> bool:
    """Whether a host is api.video's."""
    return host == "api.video" or host.endswith(".api.video")


def is_loopback(url: str) -> bool:
    """Whether an address is on this machine."""
    try:
        host = host_of(url)
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def without_credentials(text: str) -> str:
    """Return a text with the credentials in its URLs (`https://key:password@host`) left out."""
    return re.sub(r"(?<=//)[^/@\s]*@", "…@", text)
