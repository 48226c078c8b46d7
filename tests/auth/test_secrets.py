"""What a text shows of the secrets in it."""

from __future__ import annotations

import base64

import pytest

from fake_server.auth.secrets import Mask

KEY = "a-key-of-some-length"


@pytest.mark.parametrize("length", [18, 19, 20])
@pytest.mark.parametrize("password", ["", ":", ":password"])
def test_a_key_is_hidden_in_a_basic_credential_whatever_the_password(
    length: int, password: str
) -> None:
    credential = base64.b64encode((KEY[:length] + password).encode()).decode()
    hidden = Mask([KEY[:length]])(f"Authorization: Basic {credential}")
    assert base64.b64encode(KEY[:6].encode()).decode() not in hidden
    assert hidden.startswith("Authorization: Basic YS1")


@pytest.mark.parametrize("word", ["GET /vid", "title", ""])
def test_a_short_value_hides_no_word(word: str) -> None:
    assert Mask([word[:7]])("GET /videos has a title") == "GET /videos has a title"
