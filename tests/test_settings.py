"""The table of settings."""

import re
from datetime import timedelta

import pytest

from fake_server.origins import ORIGINS
from fake_server.settings import Settings, from_texts, names
from pytest_apivideo import ApiVideo, SettingError


def test_an_unknown_setting_names_the_nearest_and_all_that_exist() -> None:
    with pytest.raises(SettingError, match=r"no setting 'expire_in'. Did you mean expires_in\?"):
        Settings(expire_in=60)
    with pytest.raises(SettingError, match="Settings: environment, expires_in"):
        Settings(colour="blue")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("expires_in", -1),
        ("expires_in", "60"),
        ("expires_in", float("nan")),
        ("expires_in", True),
        ("environment", "staging"),
        ("rotate_refresh", "yes"),
        ("max_calls", 1.5),
        ("auth_errors", None),
    ],
)
def test_a_wrong_value_is_refused_and_changes_nothing(name: str, value: object) -> None:
    settings = Settings()
    before = getattr(settings, name)
    with pytest.raises(SettingError, match=f"the setting {name}="):
        setattr(settings, name, value)
    assert getattr(settings, name) == before


def test_assigning_an_unknown_setting_is_refused(apivideo: ApiVideo) -> None:
    with pytest.raises(SettingError, match="no setting 'colour'"):
        apivideo.settings.colour = "blue"


def test_texts_are_read_as_a_command_line_means_them() -> None:
    settings = from_texts(
        {
            "expires_in": "60",
            "refresh_expires_in": "none",
            "rotate_refresh": "False",
            "auth_errors": "docs",
            "extra_fields": '{"future": 1}',
            "seed": "abc",
        }
    )
    assert settings.expires_in == 60
    assert settings.refresh_expires_in is None
    assert settings.rotate_refresh is False
    assert settings.auth_errors == "docs"
    assert settings.extra_fields == {"future": 1}
    assert settings.seed == "abc"


def test_seconds_may_be_a_timedelta_and_hosts_a_text_with_commas() -> None:
    settings = Settings(expires_in=timedelta(minutes=2), encoding=timedelta(seconds=30))
    assert (settings.expires_in, settings.encoding) == (120, 30)
    settings.webhook_hosts = "loopback, *.example.com"  # type: ignore[assignment]
    assert settings.webhook_hosts == ("loopback", "*.example.com")
    assert from_texts({"webhook_hosts": "*"}).webhook_hosts == ("*",)
    assert from_texts({"webhook_hosts": '["a", "b"]'}).webhook_hosts == ("a", "b")


def test_an_invalid_text_for_a_setting_is_an_error() -> None:
    with pytest.raises(SettingError, match="the setting expires_in='soon' should be a valid numb"):
        from_texts({"expires_in": "soon"})


def test_an_empty_ingest_is_null_or_an_empty_list() -> None:
    assert Settings(empty_ingest=[]).empty_ingest == []
    assert from_texts({"empty_ingest": "[]"}).empty_ingest == []
    assert from_texts({"empty_ingest": "null"}).empty_ingest is None
    with pytest.raises(SettingError, match=r"empty_ingest=\[1\] should be null or \[\]"):
        Settings(empty_ingest=[1])


@pytest.mark.parametrize("name", names())
def test_every_setting_has_a_description_and_a_source(name: str) -> None:
    field = Settings.model_fields[name]
    facts = field.json_schema_extra
    assert isinstance(facts, dict)
    assert field.description is not None
    assert re.fullmatch(r"[A-Z].*\.", field.description, re.DOTALL)
    assert facts["source"]
    assert facts["origin"] in ORIGINS
