"""The environment variables by which programs find api.video."""

from __future__ import annotations

import os
import re
import textwrap
from pathlib import Path

import pytest

from fake_server import ApiVideo
from pytest_apivideo.network.environment import EARLY_KEYS, HIDDEN, NAMES

GUIDE = Path(__file__).parents[2] / "docs" / "environment.md"
ALL = [name for names in NAMES.values() for name in names]


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Set the variables of a developer's shell, and return them."""
    for name in (*ALL, *HIDDEN):
        monkeypatch.setenv(name, "from-the-shell")
    return dict(os.environ)


def as_in_the_shell(shell: dict[str, str]) -> bool:
    def without_pytests(variables: dict[str, str]) -> dict[str, str]:
        return {name: value for name, value in variables.items() if name != "PYTEST_CURRENT_TEST"}

    return without_pytests(dict(os.environ)) == without_pytests(shell)


def test_every_variable_leads_to_the_fake(apivideo: ApiVideo, apivideo_env: dict[str, str]) -> None:
    for name in NAMES["api_key"]:
        assert os.environ[name] == apivideo_env[name] == apivideo.api_key
    for name in NAMES["url"]:
        assert os.environ[name] == apivideo_env[name] == apivideo.url
    for name in NAMES["environment"]:
        assert os.environ[name] == apivideo_env[name] == "sandbox"


@pytest.mark.apivideo(environment="production")
def test_they_follow_the_environment_of_the_marker(
    apivideo: ApiVideo, apivideo_env: dict[str, str]
) -> None:
    assert apivideo_env["APIVIDEO_ENVIRONMENT"] == "production"
    assert apivideo_env["APIVIDEO_API_KEY"] == apivideo.production_key


def test_variables_of_the_shell_are_hidden_and_restored(
    suite: pytest.Pytester, shell: dict[str, str]
) -> None:
    suite.makepyfile(
        """
        import os

        def test_hidden(apivideo_env):
            assert "from-the-shell" not in os.environ.values()

        def test_another(apivideo):
            assert os.environ["API_VIDEO_KEY"] == "from-the-shell"

        def test_with_changes_of_its_own(monkeypatch, apivideo_env):
            monkeypatch.setenv("API_VIDEO_KEY", "mine")
            monkeypatch.delenv("APIVIDEO_BASE")
        """
    )
    suite.runpytest_inprocess().assert_outcomes(passed=3)
    assert as_in_the_shell(shell)


def test_a_key_of_the_shell_read_at_import_is_reported_and_hidden(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = "a-key-that-works-4711"
    monkeypatch.setenv("API_VIDEO_KEY", key)
    suite.makepyfile(program="import os; KEY = os.environ['API_VIDEO_KEY']")
    suite.syspathinsert()
    suite.makepyfile(
        """
        import requests
        from program import KEY

        def test_it(apivideo, apivideo_env):
            print("sent", KEY)
            listed = requests.get(apivideo.url + "/videos", auth=(KEY, ""))
            login = requests.post(apivideo.url + "/auth/api-key", json={"apiKey": KEY})
            assert "Your shell has this value in API_VIDEO_KEY" in login.json()["detail"]
            assert (listed.status_code, KEY) == (200, "")

        def test_without_the_fake():
            assert KEY == ""
        """
    )
    result = suite.runpytest_subprocess(timeout=60)
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(
        ["*Your shell has this value in API_VIDEO_KEY.*apivideo_env_early*"]
    )
    assert key not in result.stdout.str()


def test_a_suite_adds_names_of_its_own(suite: pytest.Pytester) -> None:
    suite.makeini(
        """
        [pytest]
        addopts = -W error
        asyncio_default_fixture_loop_scope = function
        apivideo_env_aliases = VIDEO_API_TOKEN VIDEO_HOST=url
            LIVE_KEY=production_key TEST_KEY=sandbox_key STAGE=environment
        """
    )
    suite.makepyfile(
        """
        import os

        def test_it(apivideo, apivideo_env):
            names = ("VIDEO_API_TOKEN", "VIDEO_HOST", "LIVE_KEY", "TEST_KEY", "STAGE")
            assert [os.environ[name] for name in names] == [
                apivideo.api_key, apivideo.url, apivideo.production_key, apivideo.sandbox_key,
                "sandbox",
            ]
            assert set(names) < set(apivideo_env)
        """
    )
    suite.runpytest_inprocess().assert_outcomes(passed=1)
    assert "VIDEO_HOST" not in os.environ


@pytest.mark.parametrize("alias", ["VIDEO_HOST=address", "=url", "FOO=", "FOO-BAR", "1ST=url"])
def test_an_alias_that_means_nothing_ends_the_run_with_the_valid_ones(
    suite: pytest.Pytester, alias: str
) -> None:
    suite.makepyfile("def test_it(): ...")
    result = suite.runpytest_inprocess("-o", f"apivideo_env_aliases={alias}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        [
            f"ERROR: ini apivideo_env_aliases: '{alias}' is invalid.*"
            "api_key, sandbox_key, production_key, url, environment"
        ]
    )


@pytest.mark.parametrize(
    ("option", "reason"),
    [
        ("apivideo_env_aliases=FOO BAR FOO=url", "FOO is there twice"),
        ("apivideo_env_aliases=PATH=url", "PATH is a variable of the system"),
        ("apivideo_env_early=ture", "invalid truth value 'ture'. It can be true or false"),
        ("apivideo_environment=prod", "is 'prod'; it can be sandbox or production"),
    ],
)
def test_an_option_that_cannot_be_right_ends_the_run_with_its_name(
    suite: pytest.Pytester, option: str, reason: str
) -> None:
    suite.makepyfile("def test_it(): ...")
    result = suite.runpytest_subprocess("-o", option, timeout=60)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    name = option.partition("=")[0]
    result.stderr.fnmatch_lines([f"ERROR: ini {name}*{reason}*"])
    assert "Traceback" not in result.stderr.str()


def test_a_program_for_production_causes_one_warning(suite: pytest.Pytester) -> None:
    suite.makeini(EARLY + "apivideo_environment = production\n")
    suite.makepyfile(program=PROGRAM)
    suite.syspathinsert()
    suite.makepyfile(
        """
        import os
        import pytest
        import requests
        from program import Config, status

        STAGE = os.environ["API_VIDEO_ENV"]

        def test_early(apivideo, apivideo_intercept):
            assert STAGE == apivideo.settings.environment == "production"
            assert Config.key == Config.live_key == apivideo.api_key == apivideo.production_key
            assert status() == 200
            answer = requests.get("https://ws.api.video/videos", auth=(Config.key, ""))
            assert answer.status_code == 200

        def test_of_each_test(apivideo, apivideo_env):
            assert apivideo_env["API_VIDEO_ENV"] == "production"

        @pytest.mark.apivideo(environment="sandbox")
        def test_the_marker_wins(apivideo, apivideo_env):
            assert apivideo_env["API_VIDEO_ENV"] == "sandbox"
            assert apivideo.api_key == apivideo.sandbox_key
        """
    )
    suite.runpytest_subprocess(timeout=60).assert_outcomes(passed=3)


EARLY = """
[pytest]
addopts = -W error -p no:randomly
asyncio_default_fixture_loop_scope = function
apivideo_env_early = true
apivideo_env_aliases = LIVE_KEY=production_key
"""

PROGRAM = """
import os
import requests

class Config:
    key = os.environ["API_VIDEO_KEY"]
    live_key = os.environ["LIVE_KEY"]
    base = os.environ["APIVIDEO_BASE_URL"]

def status(key=Config.key):
    return requests.get(Config.base + "/videos", auth=(key, "")).status_code
"""


@pytest.fixture
def early(suite: pytest.Pytester) -> pytest.Pytester:
    """Create a suite with a program that reads its variables when conftest.py imports it."""
    suite.makeini(EARLY)
    suite.makeconftest("import program")
    suite.makepyfile(program=PROGRAM)
    suite.syspathinsert()
    return suite


def test_the_early_mode_comes_before_any_module(
    early: pytest.Pytester, shell: dict[str, str]
) -> None:
    early.makepyfile(
        test_it="""
        import program
        import pytest
        from program import Config, status

        def test_first(apivideo):
            assert Config.base == apivideo.url
            assert Config.key == apivideo.api_key == apivideo.sandbox_key
            assert Config.live_key == apivideo.production_key
            assert status() == 200
            assert status(Config.live_key) == 401
            assert len(apivideo.calls) == 2

        def test_each_test_has_a_project_of_its_own(apivideo):
            assert len(apivideo.calls) == 0
            apivideo.keys.disable(apivideo.api_key)
            assert status() == 401

        @pytest.mark.apivideo(environment="production")
        def test_environment(apivideo):
            assert status(Config.live_key) == 200
            assert status() == 401

        def test_outside():
            assert status() == 200

        def test_after_that(apivideo):
            assert status() == 200
            assert len(apivideo.calls) == 1
        """
    )
    early.runpytest_inprocess().assert_outcomes(passed=5)
    assert as_in_the_shell(shell)


def test_the_early_mode_works_under_xdist_and_with_interception(early: pytest.Pytester) -> None:
    early.makepyfile(
        test_it="""
        import pytest, requests
        from program import Config, status

        @pytest.mark.parametrize("number", range(4))
        def test_it(apivideo, apivideo_intercept, number):
            assert status() == 200
            answer = requests.get("https://ws.api.video/videos", auth=(Config.live_key, ""))
            assert answer.status_code == 200
            assert len(apivideo.calls) == 2
        """
    )
    early.runpytest_subprocess("-n", "2", timeout=90).assert_outcomes(passed=4)


CONNECTS_AT_IMPORT = """
import os
import apivideo as sdk
from apivideo.apis import VideosApi

client = sdk.AuthenticatedApiClient(os.environ["API_VIDEO_KEY"], production=False)

client.connect()  # to https://sandbox.api.video

def titles():
    return [video.title for video in VideosApi(client).list().data]
"""


def test_a_client_in_a_global_keeps_its_token_from_test_to_test(early: pytest.Pytester) -> None:
    early.makepyfile(
        program="""
        import os
        import requests

        base = os.environ["APIVIDEO_BASE_URL"]
        login = {"apiKey": os.environ["API_VIDEO_KEY"]}
        given = requests.post(base + "/auth/api-key", json=login).json()

        def titles():
            headers = {"Authorization": "Bearer " + given["access_token"]}
            answer = requests.get(base + "/videos", headers=headers)
            answer.raise_for_status()
            return [video["title"] for video in answer.json()["data"]]
        """
    )
    early.makepyfile(
        test_it="""
        import pytest, requests
        from program import base, given, titles

        @pytest.mark.parametrize("number", range(3))
        def test_each_has_its_own_videos(apivideo, number):
            apivideo.videos.add(title=str(number))
            assert titles() == [str(number)]
            assert [str(call) for call in apivideo.calls] == ["GET /videos -> 200"]

        def refused():
            with pytest.raises(requests.HTTPError, match="401"):
                titles()

        def test_that_ends_all_tokens(apivideo):
            apivideo.tokens.revoke_all()
            refused()

        def test_after_it_they_are_as_they_were_given_out(apivideo):
            assert titles() == []

        def test_that_lets_them_expire_and_renews(apivideo):
            apivideo.tokens.expire_all()
            refused()
            renew = {"refreshToken": given["refresh_token"]}
            renewed = requests.post(base + "/auth/refresh", json=renew).json()
            given["access_token"] = renewed["access_token"]
            assert titles() == []

        def test_after_that_the_new_one_is_good(apivideo):
            assert titles() == []

        def test_that_lets_the_time_pass(apivideo):
            apivideo.clock.advance(3601)
            refused()

        def test_that_has_no_key(apivideo):
            apivideo.keys.clear()
            refused()

        def test_another_project_has_keys_of_its_own(apivideo, apivideo_server):
            with apivideo_server.project() as other:
                assert other.api_key != apivideo.api_key
            assert titles() == []

        def test_outside():
            assert titles() == []
        """
    )
    early.runpytest_subprocess(timeout=90).assert_outcomes(passed=11)


def test_a_program_that_connects_when_it_is_imported_is_led_to_the_fake(
    early: pytest.Pytester,
) -> None:
    early.makeini(EARLY + "usefixtures = apivideo_intercept\n")
    early.makepyfile(program=CONNECTS_AT_IMPORT)
    early.makepyfile(
        test_it="""
        import pytest
        from program import titles

        @pytest.mark.parametrize("title", ["Maths", "Physics"])
        def test_it(apivideo, title):
            apivideo.videos.add(title=title)
            assert titles() == [title]
        """
    )
    early.runpytest_subprocess(timeout=90).assert_outcomes(passed=2)
    early.runpytest_subprocess("-n", "2", timeout=90).assert_outcomes(passed=2)


def test_a_client_that_outlives_its_test_gets_an_explanation(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        """
        import requests

        kept = {}

        def test_first(apivideo):
            kept["key"] = apivideo.api_key
            kept["token"] = apivideo.tokens.issue()

        def test_second(apivideo):
            url = apivideo.url
            headers = {"Authorization": f"Bearer {kept['token'].access_token}"}
            refresh = {"refreshToken": kept["token"].refresh_token}
            answers = [
                requests.get(url + "/videos", headers=headers),
                requests.get(url + "/videos", auth=(kept["key"], "")),
                requests.post(url + "/auth/api-key", json={"apiKey": kept["key"]}),
                requests.post(url + "/auth/refresh", json=refresh),
            ]
            assert [answer.status_code for answer in answers] == [401, 401, 401, 401]
            for answer in answers:
                assert "belongs to a test, or a project, that has ended" in answer.json()["detail"]
            raise ValueError("to see what is told")

        def test_third(apivideo):
            raise ValueError("that has nothing to do with it")
        """
    )
    result = suite.runpytest_inprocess()
    result.assert_outcomes(passed=1, failed=2)
    result.stdout.fnmatch_lines(
        [
            "*api.video: calls with credentials of ended tests*",
            "This key or token belongs to a test*apivideo_env_early*",
            "*GET /videos -> 401*",
            "*POST /auth/refresh -> 401*",
        ]
    )
    assert result.stdout.str().count("credentials of ended tests") == 1


def test_the_early_keys_have_descriptive_values() -> None:
    assert EARLY_KEYS == {
        "sandbox": "early-sandbox-key",
        "production": "early-production-key",
    }
    assert all(key in GUIDE.read_text() for key in EARLY_KEYS.values())


def test_the_guide_names_every_variable() -> None:
    text = GUIDE.read_text()
    assert all(f"`{name}`" in text for name in (*ALL, *HIDDEN))


RECIPES = re.findall(
    r"### ([^\n]+)\n(?:(?!\n#|```).)*```python\n(.*?)```", GUIDE.read_text(), re.DOTALL
)

LISTS_BY_HTTP = """
import requests

def titles(base, key):
    listed = requests.get(base + "/videos", auth=(key, "")).json()
    return [video["title"] for video in listed["data"]]
"""

PROGRAMS = {
    "Django settings": {
        "site_settings": "API_VIDEO_KEY = 'none'\nAPI_VIDEO_BASE_URL = 'https://ws.api.video'",
        "shop/__init__": "",
        "shop/videos": """
            import videos
            from django.conf import settings

            def titles():
                return videos.titles(settings.API_VIDEO_BASE_URL, settings.API_VIDEO_KEY)
        """,
    },
    "Flask configuration": {
        "webshop": """
            import videos
            from flask import Flask

            def create_app():
                app = Flask("webshop")
                app.config["API_VIDEO_BASE_URL"] = "https://ws.api.video"

                @app.get("/")
                def index():
                    return videos.titles(
                        app.config["API_VIDEO_BASE_URL"], app.config["API_VIDEO_KEY"]
                    )

                return app
        """,
    },
    "pydantic settings": {
        "service/__init__": "",
        "service/settings": """
            from functools import cache
            from pydantic_settings import BaseSettings, SettingsConfigDict

            class Settings(BaseSettings):
                model_config = SettingsConfigDict(env_prefix="APIVIDEO_")
                base_url: str = "https://ws.api.video"
                api_key: str

            @cache
            def get_settings():
                return Settings()
        """,
    },
    "Reconnect a client in a global variable": {
        "library": """
            import requests

            client = None

            def connect(url, key):
                token = requests.post(url + "/auth/api-key", json={"apiKey": key}).json()
                return url, {"Authorization": "Bearer " + token["access_token"]}

            def titles():
                url, headers = client
                listed = requests.get(url + "/videos", headers=headers).json()
                return [video["title"] for video in listed["data"]]
        """,
    },
    # Not Celery itself, which needs a broker: a process that is started in the same way.
    "Celery": {
        "celery/__init__": "",
        "celery/__main__": """
            import os, sys, requests

            assert sys.argv[1:3] == ["-A", "tasks"]
            key = os.environ["API_VIDEO_KEY"]
            url = "https://sandbox.api.video/videos"
            requests.post(url, json={"title": "Maths"}, auth=(key, ""))
        """,
    },
    "Session-scoped workers": {
        "celery/__init__": "",
        "celery/__main__": """
            import os, requests

            url = os.environ["API_VIDEO_BASE_URL"] + "/videos"
            requests.post(url, json={"title": "Maths"}, auth=(os.environ["API_VIDEO_KEY"], ""))
        """,
    },
    "Live servers": {
        "webshop": """
            import videos
            from flask import Flask

            def create_app():
                app = Flask("webshop")

                @app.get("/")
                def index():
                    return videos.titles("https://sandbox.api.video", app.config["API_VIDEO_KEY"])

                return app
        """,
    },
}


@pytest.mark.parametrize(("subject", "recipe"), RECIPES, ids=[name for name, _ in RECIPES])
def test_a_recipe_works(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, subject: str, recipe: str
) -> None:
    for name, text in {"videos": LISTS_BY_HTTP, **PROGRAMS[subject]}.items():
        path = suite.path / f"{name}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(textwrap.dedent(text))
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "site_settings")
    monkeypatch.setenv("PYTHONPATH", str(suite.path))
    suite.makepyfile(test_recipe=recipe)
    passed = 2 if "parametrize" in recipe else 1
    suite.runpytest_subprocess(timeout=90).assert_outcomes(passed=passed)


def test_every_recipe_is_tried() -> None:
    assert {name for name, _ in RECIPES} == PROGRAMS.keys()


def test_the_early_mode_hides_the_sandboxs_key_unless_the_sandbox_needs_it(
    early: pytest.Pytester, shell: dict[str, str]
) -> None:
    early.makepyfile(
        f"""
        import os

        FOUND = [name for name in {HIDDEN!r} if name in os.environ]

        def test_it(pytestconfig):
            assert bool(FOUND) == (pytestconfig.getoption("apivideo_target") == "sandbox")
        """
    )
    early.runpytest_inprocess().assert_outcomes(passed=1)
    sandbox = ("--apivideo-target=sandbox", "--apivideo-base-url=http://127.0.0.1:9")
    early.runpytest_subprocess(*sandbox, timeout=60).assert_outcomes(passed=1)


def test_the_early_mode_of_a_plugin_that_comes_late_is_refused(early: pytest.Pytester) -> None:
    early.makeconftest('pytest_plugins = "pytest_apivideo.plugin"')
    result = early.runpytest_subprocess("-p", "no:apivideo", timeout=60)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: ini apivideo_env_early: *was loaded too late for it*"])
