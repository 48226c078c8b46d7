"""Tags of languages, and what languages call themselves."""

from __future__ import annotations

import pytest

from fake_server.core.languages import NATIVE_NAMES, language_error, native_name
from fake_server.resources._video import _LANGUAGES

CHARACTERS = (
    'The "language" attribute must contain only letters and dashes (for example "fr", "fr-BE").'
)
UNKNOWN = 'The "language" attribute is not valid.'


@pytest.mark.parametrize(
    ("tag", "name"),
    [
        ("en", "English"),
        ("fr", "français"),
        ("no", "norsk"),
        ("fr-BE", "français (BE)"),
        ("sr-Cyrl", "српски (ћирилица)"),
        ("zh-Hans-CN", "简体中文 (CN)"),
        ("en-Latn-US", "English (Latn, US)"),
    ],
)
def test_a_tag_has_the_name_that_its_speakers_give_the_language(tag: str, name: str) -> None:
    assert language_error(tag) is None
    assert native_name(tag) == name


@pytest.mark.parametrize(
    ("tag", "wrong"),
    [
        ("fr_BE", CHARACTERS),
        ("fr BE", CHARACTERS),
        ("es-419", CHARACTERS),
        ("français", CHARACTERS),
        ("fr\n", CHARACTERS),
        ("-", CHARACTERS),
        ("", CHARACTERS),
        ("xx", UNKNOWN),
        ("xx-BE", UNKNOWN),
        ("english", UNKNOWN),
        ("FR", UNKNOWN),
        ("fr-be", UNKNOWN),
        ("fr-", UNKNOWN),
        ("fr-BE-Latn", UNKNOWN),
    ],
)
def test_any_other_text_has_its_documented_problem(tag: str, wrong: str) -> None:
    assert language_error(tag) == wrong
    assert native_name(tag) is None


def test_every_language_of_a_video_can_be_one_of_its_captions() -> None:
    assert set(NATIVE_NAMES) >= _LANGUAGES
    assert "no" in _LANGUAGES
