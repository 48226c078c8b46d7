"""The hooks of the plugin. Nothing but pytest and the standard library is imported here."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from pytest_apivideo import (
    beginning,
    ending,
    environment,
    fixtures,
    hookspecs,
    markers,
    options,
    real_hosts,
    redaction,
    report,
    selection,
    stash,
)


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Declare the hooks that others can answer."""
    pluginmanager.add_hookspecs(hookspecs)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options."""
    options.add_options(parser)


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Set the environment variables before any module of the suite reads them, if asked to."""
    if environment.is_early(early_config):
        server = fixtures.new_server(early_config)
        environment.begin_early(early_config, server)
        early_config.stash[stash.SERVER] = server
        fixtures.intercept_early(early_config, server)


def pytest_configure(config: pytest.Config) -> None:
    """Register markers and fixtures; refuse options that cannot be right."""
    for marker in markers.MARKERS:
        config.addinivalue_line("markers", marker)
    config.pluginmanager.register(fixtures, "apivideo-fixtures")
    config.pluginmanager.register(redaction.HiddenInWarnings(config), "apivideo-warnings")
    options.check(config)
    environment.refuse_what_is_not_early(config)
    environment.keys_of_the_shell(config)  # while they are there
    beginning.configure(config)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run tests on both targets, if both are chosen."""
    selection.parametrize(metafunc)


def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """Print the configuration, if that is all that is asked for."""
    if not options.is_set(config, "info"):
        return None
    from pytest_apivideo import info

    return info.show(config)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip on the sandbox what only the fake has; keep other tests from the real api.video."""
    ending.begin(item)
    report.begin(item)
    selection.skip_what_only_the_fake_has(item)
    real_hosts.block(item)
    fixtures.intercept_first(item)


def pytest_report_header(config: pytest.Config) -> str:
    """Say what the suite runs against."""
    return report.header(config)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Tell what the fake knows of a failure, and hide secrets."""
    made = yield
    report.tell(item, made)
    return made


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Hide secrets in what is told of a module that cannot be loaded."""
    made = yield
    redaction.hide_secrets(collector.config, made)
    return made


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None]:
    """End the faults of the test, then the rules of its server, and the block, with the test."""
    report.end_faults(item.config)
    try:
        yield
    finally:
        report.clear_rules(item)
        ending.end(item.config)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> Generator[None]:
    """End what an interrupted test has left, after its fixtures."""
    try:
        yield
    finally:
        ending.end_interrupted(session.config)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    """Let an unexpected error of the fake, or a fault that never fired, fail its test."""
    try:
        yield
    except BaseException as failure:  # pytest's own outcomes are no Exceptions
        report.note_server_errors(item.config, failure)
        raise
    else:
        report.raise_server_errors(item.config)
        report.raise_complaints(item.config)
