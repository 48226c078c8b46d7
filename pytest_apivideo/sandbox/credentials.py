"""The rule on credentials: only the run's own may write or log in, and no production key is sent.

Ownership of a resource is judged with the run's own key. With another credential the same request
would reach another account, so it is refused before anything is sent.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import parse_qsl, unquote_to_bytes

from pytest_apivideo.sandbox.account import Account
from pytest_apivideo.sandbox.kinds import UPLOAD_TOKEN
from pytest_apivideo.sandbox.ledger import Ledger
from pytest_apivideo.sandbox.upstream import Outgoing, Reply, parse_json

READING = ("GET", "HEAD", "OPTIONS")
LOGINS = ("/auth/api-key", "/auth/refresh")
_ATTRIBUTES = ("apiKey", "refreshToken")
_LOGIN_NAMES = (*_ATTRIBUTES, "refresh_token")
_HEADER_NAME = re.compile(
    r"auth|cookie|key|token|secret|session|credential|passw|signature|(remote|forwarded)-user"
)
_NO_CREDENTIALS = frozenset({"idempotency-key", "x-idempotency-key", "sec-websocket-key"})
_SCHEME = re.compile(r"\b(?:basic|bearer)\s+\S", re.IGNORECASE)
_AUTHORIZATION = re.compile(r"(?:(?P<scheme>basic|bearer)\s+)?(?P<value>[^\s,]+)", re.IGNORECASE)
_PART_NAME = re.compile(rb"""\bname\*?\s*=\s*(?:[\w-]+'\w*')?["']?([^"';\r\n]+)""", re.IGNORECASE)
# fmt: off
_FIELDS = frozenset((
    "apikey", "xapikey", "token", "accesstoken", "refreshtoken", "uploadtoken", "bearer",
    "authorization",
))
# fmt: on
_HARMLESS_BODY = re.compile(rb'[\w \[\]"]{0,15}')
_MIN_TEXT = 8  # characters; a shorter text in an unknown attribute of a login is no credential
_FOREIGN = (
    "{where} holds a credential that is not this run's own. Requests that write or log in reach "
    "the account that their credential belongs to, so they need apivideo_target.client_key or "
    ".api_key, a token from a login with one of them, or an upload token that this run created. "
    "To test a wrong credential, use it in a GET, or make one up that contains apivideo_target.run."
)
_PACKED = "Its body has a Content-Encoding, so it cannot be checked: send it uncompressed."
_PRODUCTION = (
    "It holds the key of a production account, which an environment variable names, so it does "
    "not leave this machine. Use apivideo_target.client_key or .api_key."
)


class Credentials:
    """The credentials that belong to a run, and those that requests may carry."""

    def __init__(self, account: Account, ledger: Ledger, stand_ins: Iterable[str]) -> None:
        self._account = account
        self._ledger = ledger
        self._stand_ins = frozenset(stand_ins)
        self._made_up = re.compile(rf"[\w-]*{re.escape(ledger.run)}[\w-]*", re.ASCII)

    def refusal(self, outgoing: Outgoing) -> str | None:
        """Return why a request may not carry its credentials, or None if it may."""
        if outgoing.method in READING:
            return None
        where = (
            self._foreign_header(outgoing)
            or self._foreign_query(outgoing)
            or self._foreign_body(outgoing)
        )
        return None if where is None else _FOREIGN.format(where=where)

    def learn(self, outgoing: Outgoing, reply: Reply) -> None:
        """Remember the tokens in the answer to a login with the run's own credential."""
        if outgoing.method == "POST" and outgoing.path in LOGINS and 200 <= reply.status < 300:
            texts = list(_texts(parse_json(outgoing.body)))
            if any(map(self._is_own, texts)) and not any(map(self._made_up.fullmatch, texts)):
                self._account.learn(reply)

    def _is_own(self, value: str) -> bool:
        return value in self._account.own or value in self._stand_ins

    def _accepts(self, value: str) -> bool:
        """Return whether a value is the run's own, or made up and therefore nobody's."""
        return self._is_own(value) or self._made_up.fullmatch(value) is not None

    def _accepts_header(self, value: str) -> bool:
        if not value.strip():
            return True
        parts = _AUTHORIZATION.fullmatch(value.strip())
        if parts is None:
            return False
        if (parts["scheme"] or "").lower() != "basic":
            return self._accepts(parts["value"])
        name, _, password = _decoded(parts["value"]).partition(":")
        return self._accepts(name) and (not password or self._accepts(password))

    def _foreign_header(self, outgoing: Outgoing) -> str | None:
        for name, value in outgoing.headers:
            lower = name.lower()
            is_suspect = _HEADER_NAME.search(lower) and lower not in _NO_CREDENTIALS
            if (is_suspect or _SCHEME.search(value)) and not self._accepts_header(value):
                return f"The header {name}"
        return None

    def _foreign_query(self, outgoing: Outgoing) -> str | None:
        query = outgoing.target.partition("?")[2]
        pairs = parse_qsl(query, keep_blank_values=True)
        if not query or (outgoing.path == "/upload" and query == "token="):
            return None
        if outgoing.path == "/upload" and len(pairs) == 1 and "&" not in query:
            name, token = pairs[0]
            is_created = self._ledger.has_made(UPLOAD_TOKEN, token)
            if name == "token" and (is_created or self._made_up.fullmatch(token)):
                return None
        return "The query (a writing request has none, except the token of POST /upload)"

    def _foreign_body(self, outgoing: Outgoing) -> str | None:
        if outgoing.path.startswith("/auth/"):
            return None if self._is_good_login(outgoing.body) else "The body of the login"
        parsed = parse_json(outgoing.body)
        if parsed is not None:
            for name, value in _attributes(parsed):
                is_good = value in (None, "") or (isinstance(value, str) and self._accepts(value))
                if _plain(name) in _FIELDS and not is_good:
                    return f"The attribute {name} of the body"
            return None
        names = map(_plain, _form_fields(outgoing))
        return "A field of the form" if any(name in _FIELDS for name in names) else None

    def _is_good_login(self, body: bytes) -> bool:
        if _HARMLESS_BODY.fullmatch(body):
            return True
        try:
            parsed = json.loads(body, object_pairs_hook=_unique)
        except (ValueError, RecursionError):
            return False
        if not isinstance(parsed, dict) or len(body.lstrip()) < 2 or body.lstrip()[:1] != b"{":
            return False
        known = [parsed.get(name) for name in _ATTRIBUTES]
        long = [text for text in _texts(parsed) if len(text) >= _MIN_TEXT]
        texts = [value for value in [*known, *long] if isinstance(value, str) and value]
        return all(text in _LOGIN_NAMES or self._accepts(text) for text in texts)


class ProductionKeys:
    """The production keys in the environment, found in requests in every usual encoding."""

    def __init__(self, keys: Iterable[str]) -> None:
        raw = [key.encode() for key in keys]
        once = [form for key in raw for form in _in_base64(key)]
        twice = [form for text in once for form in _in_base64(text)]
        in_hex = [form for key in raw for form in (key.hex().encode(), key.hex().upper().encode())]
        self._forms = tuple({*raw, *once, *twice, *in_hex})

    def refusal(self, outgoing: Outgoing) -> str | None:
        """Return why a request is not sent if it holds a key, or cannot be searched for one."""
        headers = dict(outgoing.headers)
        packed = next((headers[name] for name in headers if name.lower() == _ENCODING), "")
        if packed.strip().lower() not in ("", "identity"):
            return _PACKED
        if not self._forms:
            return None
        head = [outgoing.target, *(f"{name}:{value}" for name, value in outgoing.headers)]
        texts = [*(text.encode("latin-1", "replace") for text in head), outgoing.body]
        return _PRODUCTION if any(self._is_in(text) for text in texts) else None

    def _is_in(self, text: bytes) -> bool:
        return any(form in decoded for decoded in _decodings(text) for form in self._forms)


_ENCODING = "content-encoding"
_MAX_DECODINGS = 5  # times that a text is percent-encoded or escaped
_MIN_FORM = 6  # characters of a key in base64 that are worth looking for
_ESCAPE = re.compile(rb"\\u00([0-9A-Fa-f]{2})|\\([^u])", re.DOTALL)


def _decodings(text: bytes) -> Iterator[bytes]:
    """Yield a text without and with its percent-encoding and JSON escapes decoded.

    Line breaks (of base64) and zero bytes (of UTF-16) are left out.
    """
    yield text
    text = text.translate(None, b" \t\r\n\0")
    for _ in range(_MAX_DECODINGS):
        yield text
        decoded = _ESCAPE.sub(_unescaped, unquote_to_bytes(text) if b"%" in text else text)
        if decoded == text:
            return
        text = decoded


def _unescaped(escape: re.Match[bytes]) -> bytes:
    return bytes.fromhex(escape[1].decode()) if escape[1] else escape[2]


def _in_base64(text: bytes) -> Iterator[bytes]:
    """Yield what base64 makes of a text at each of the three places in its groups of bytes."""
    for offset in range(3):
        for encode in (b64encode, urlsafe_b64encode):
            encoded = encode(bytes(offset) + text)
            form = encoded[(0, 2, 3)[offset] : 8 * (offset + len(text)) // 6]
            if len(form) >= _MIN_FORM:
                yield form


def _decoded(encoded: str) -> str:
    """Decode strict base64; return an empty text for anything that another reader may accept."""
    try:
        raw = b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
        is_exact = b64encode(raw).rstrip(b"=") == encoded.rstrip("=").encode()
        return raw.decode() if is_exact else ""
    except ValueError:
        return ""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) < len(pairs):
        raise ValueError("an attribute is there twice")
    return dict(pairs)


def _attributes(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield the attributes of a JSON value at every depth."""
    if isinstance(value, dict):
        yield from value.items()
        value = list(value.values())
    if isinstance(value, list):
        for child in value:
            yield from _attributes(child)


def _form_fields(outgoing: Outgoing) -> list[str]:
    """Return the names of the fields of a form, of either content type."""
    sent = {name.lower(): value.lower() for name, value in outgoing.headers}
    kind = sent.get("content-type", "")
    names: list[bytes] = []
    if "multipart" in kind:
        names = _PART_NAME.findall(outgoing.body)
    elif "urlencoded" in kind:
        names = [pair.partition(b"=")[0] for pair in re.split(b"[&;]", outgoing.body)]
    return [unquote_to_bytes(name).decode(errors="replace") for name in names]


def _texts(value: Any) -> Iterator[str]:
    """Yield the texts in a JSON value, attribute names included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, child in value.items():
            yield name
            yield from _texts(child)
    elif isinstance(value, list):
        for child in value:
            yield from _texts(child)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z]", "", name.lower())
