"""The hooks of the plugin. Only pytest and the standard library are imported at the start."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from pytest_apivideo import finalizers, fixtures, hookspecs, markers, options, stash
from pytest_apivideo.network import environment, real_hosts
from pytest_apivideo.reporting import header, redaction
from pytest_apivideo.targets import selection


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Declare the hooks that suites and other plugins can implement."""
    pluginmanager.add_hookspecs(hookspecs)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options."""
    options.add_options(parser)


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Set the environment variables before the suite's modules are loaded, if configured."""
    if environment.is_early(early_config):
        from pytest_apivideo.shadowing import import_fake_server

        import_fake_server()
        from pytest_apivideo.server import new_server

        server = new_server(early_config)
        environment.set_early(early_config, server)
        early_config.stash[stash.SERVER] = server
        fixtures.intercept_early(early_config, server)


def pytest_configure(config: pytest.Config) -> None:
    """Register markers and fixtures; raise UsageError for invalid options."""
    for marker in markers.MARKERS:
        config.addinivalue_line("markers", marker)
    config.pluginmanager.register(fixtures, "apivideo-fixtures")
    config.pluginmanager.register(redaction.WarningRedaction(config), "apivideo-warnings")
    options.check(config)
    environment.check_early(config)
    environment.keys_of_shell(config)  # before a fixture replaces them
    selection.configure(config)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run tests on both targets, if both are selected."""
    selection.parametrize(metafunc)


def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """Print the configuration for `--apivideo-info`."""
    if not options.is_set(config, "info"):
        return None
    from pytest_apivideo.reporting import info

    selection.check(config)
    return info.show(config)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip tests that the sandbox cannot run, and block the real api.video for the others."""
    finalizers.begin(item)
    selection.skip_unsupported(item)
    real_hosts.block(item)
    fixtures.intercept_first(item)


def pytest_report_header(config: pytest.Config) -> str:
    """Return the header line of a run."""
    return header.header(config)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Hide secrets in the report of a test."""
    report = yield
    redaction.hide_secrets(item.config, report)
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Hide secrets in the report of a module that cannot be loaded."""
    report = yield
    redaction.hide_secrets(collector.config, report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None]:
    """Run the finalizers of a test after its fixtures."""
    try:
        yield
    finally:
        finalizers.run(item.config)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> Generator[None]:
    """Run the finalizers of an interrupted test, after its fixtures."""
    try:
        yield
    finally:
        finalizers.run_after_interrupt(session.config)
