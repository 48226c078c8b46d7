"""A suite with a module of its own called `fake_server`."""

from __future__ import annotations

import pytest

THEIRS = "class Mine: ...\nclass FakeServer: ...\n"
WARNED = "*ApiVideoWarning: *fake_server.py is hidden by the package fake_server of pytest-api*"
IGNORE = ("-W", "default::pytest_apivideo.ApiVideoWarning")


@pytest.mark.parametrize("mode", ["prepend", "append", "importlib"])
def test_the_plugin_works_with_a_module_of_that_name(suite: pytest.Pytester, mode: str) -> None:
    suite.makepyfile(
        fake_server=THEIRS,
        test_it="""
        import fake_server
        from fake_server import FakeServer, Mine

        def test_it(apivideo, apivideo_webhooks, apivideo_frozen_time):
            assert apivideo.videos.add(title="x").title == "x"
            assert not hasattr(FakeServer, "project") and fake_server.Mine is Mine

        def test_later(apivideo):
            import fake_server as again
            assert again.Mine is Mine
            assert again is not fake_server
            assert hasattr(again.FakeServer, "project")
        """,
    )
    result = suite.runpytest_subprocess(*IGNORE, f"--import-mode={mode}", "-o", "pythonpath=.")
    result.assert_outcomes(passed=2, warnings=1)
    result.stdout.fnmatch_lines([WARNED + "Rename your module*docs/environment.md*"])


def test_the_suite_may_ask_for_the_plugins_names(suite: pytest.Pytester) -> None:
    suite.makeconftest("from pytest_apivideo import ApiVideo, FakeServer, WebhookReceiver")
    suite.makepyfile(
        fake_server=THEIRS,
        test_it="""
        import fake_server, pytest
        from fake_server import Mine, FakeServer
        from pytest_apivideo import FakeServer as Plugins

        def test_it(apivideo_server):
            assert isinstance(apivideo_server, Plugins) and FakeServer is Plugins
            with pytest.raises(AttributeError, match="no attribute 'Nonsense'"):
                fake_server.Nonsense
        """,
    )
    result = suite.runpytest_subprocess(*IGNORE)
    result.assert_outcomes(passed=1)


def test_a_package_of_that_name_keeps_its_submodules(suite: pytest.Pytester) -> None:
    package = suite.mkpydir("fake_server")
    (package / "__init__.py").write_text(THEIRS)
    (package / "early.py").write_text("from fake_server import Mine\nclass Early: ...")
    (package / "late.py").write_text("class Late: ...")
    (package / "clock.py").write_text("class Watch: ...")
    suite.makepyfile(
        test_it="""
        from fake_server.clock import Watch
        from fake_server.early import Early

        def test_it(apivideo):
            from fake_server.early import Early as again
            from fake_server.late import Late
            from fake_server.clock import Clock
            assert again is Early and isinstance(apivideo.clock, Clock)
        """
    )
    suite.runpytest_subprocess(*IGNORE).assert_outcomes(passed=1)


def test_a_suite_without_the_fake_keeps_its_module(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        fake_server=THEIRS,
        test_it="""
        def test_it():
            import fake_server
            assert fake_server.__file__.startswith(__file__[:-len("test_it.py")])
        """,
    )
    suite.runpytest_subprocess().assert_outcomes(passed=1)


def test_it_works_on_workers_of_xdist(suite: pytest.Pytester) -> None:
    suite.makepyfile(
        fake_server=THEIRS,
        test_it="""
        import pytest
        from fake_server import Mine

        @pytest.mark.parametrize("number", range(4))
        def test_it(apivideo, number):
            assert apivideo.url
        """,
    )
    suite.runpytest_subprocess("-n2", *IGNORE).assert_outcomes(passed=4)


def test_it_works_with_early_variables_and_info(suite: pytest.Pytester) -> None:
    suite.makepyfile(fake_server=THEIRS, test_it="def test_it(apivideo): ...")
    option = ("-o", "apivideo_env_early=true", "-o", "pythonpath=.")
    suite.runpytest_subprocess(*IGNORE, *option).assert_outcomes(passed=1)
    result = suite.runpytest_subprocess(*IGNORE, *option, "--apivideo-info")
    result.stdout.fnmatch_lines(["  expires_in*3600*"])
