"""Which tests run on which target.

A test whose fixtures all work on the sandbox runs there as it is; what only the fake has skips with
a reason. With `--apivideo-target=both` each such test runs twice.
"""

from __future__ import annotations

from typing import get_args

import pytest

from pytest_apivideo.options import is_set
from pytest_apivideo.stash import SANDBOX
from pytest_apivideo.targets import FAKE_ALONE, NO_KEY, Name, choice, served_at, target_of

# fmt: off
WORKS_ON_BOTH = frozenset((
    "apivideo_target", "apivideo_http", "apivideo_async_http", "apivideo_session",
    "apivideo_client",
))
# fmt: on
"""The fixtures that work on the sandbox as well. All others stand on `apivideo`, the fake's."""

NEEDS = {
    "clock": "a clock that can be turned",
    "faults": "faults on demand",
    "production_key": "a key of the other environment",
    "settings": "settings of the service itself",
    "webhooks": "deliveries that reach this machine",
}
"""What `@pytest.mark.apivideo_contract(needs=…)` can name: what only the fake has."""

_OF_THE_RECORD = frozenset(("max_body", "max_calls", "seed", "strict"))
"""The settings that change no answer, so that a test with them runs on the sandbox as well."""


def parametrize(metafunc: pytest.Metafunc) -> None:
    """Run a test that works on both targets on each, if both are chosen."""
    if "apivideo_target" in metafunc.fixturenames and choice(metafunc.config) == "both":
        metafunc.parametrize("apivideo_target", get_args(Name), indirect=True)


def note_if_on_the_fake_alone(item: pytest.Item) -> None:
    """Note of a test that it runs on the fake alone, although both targets are chosen."""
    is_one_of_two = "apivideo_target" in getattr(getattr(item, "callspec", None), "params", ())
    if choice(item.config) == "both" and not is_one_of_two:
        item.user_properties.append(FAKE_ALONE)


def skip_what_only_the_fake_has(item: pytest.Item) -> None:
    """Skip a test on the sandbox, with the reason, if it could not run there.

    By a marker, which pytest looks at next, for its reports show such a skip where the test stands.
    """
    reason = _reason_to_skip(item)
    if reason is not None:
        item.add_marker(pytest.mark.skip(reason=reason))


def _reason_to_skip(item: pytest.Item) -> str | None:
    needs = _needs(item)
    ours = [name for name in getattr(item, "fixturenames", ()) if _is_ours(item, name)]
    only = [name for name in ours if name not in WORKS_ON_BOTH]
    if target_of(item) == "fake":
        if only and served_at(item.config) is not None:
            names, verb = ", ".join(only), "needs" if len(only) == 1 else "need"
            return f"not on a fake that is served elsewhere: {names} {verb} it in this process"
        return None
    if not ours:
        return None
    for marker in item.iter_markers("apivideo_fake_only"):
        return f"not on the sandbox: {marker.kwargs['reason']}"
    if needs:
        words = ", ".join(NEEDS[name] for name in needs)
        return f"not on the sandbox: it needs {words}, which only the fake has"
    if only:
        names = ", ".join([name for name in only if name != "apivideo_server"] or only)
        return f"not on the sandbox: it uses {names}, which only the fake has"
    if given := sorted(_settings(item) - _OF_THE_RECORD):
        return f"not on the sandbox: it sets {', '.join(given)}, which only the fake can"
    if item.config.stash[SANDBOX].key is None:
        if is_set(item.config, "require_sandbox"):
            pytest.fail(NO_KEY, pytrace=False)
        return NO_KEY
    return None


def _settings(item: pytest.Item) -> set[str]:
    """The names of the settings that the item's markers give."""
    return {name for marker in item.iter_markers("apivideo") for name in marker.kwargs}


def _is_ours(item: pytest.Item, fixture: str) -> bool:
    """Whether a fixture is the plugin's: a user's own may be called alike."""
    return hasattr(item.config.pluginmanager.get_plugin("apivideo-fixtures"), fixture)


def _needs(item: pytest.Item) -> list[str]:
    """What the item's markers say that it needs; a marker that is wrong fails the test."""
    for marker in item.iter_markers("apivideo_fake_only"):
        reason = marker.kwargs.get("reason")
        if marker.args or set(marker.kwargs) != {"reason"} or not isinstance(reason, str):
            pytest.fail('write @pytest.mark.apivideo_fake_only(reason="…")', pytrace=False)
    found: list[str] = []
    for marker in item.iter_markers("apivideo_contract"):
        given = marker.kwargs.get("needs", ())
        names = list(given) if isinstance(given, list | tuple | set | frozenset) else [given]
        is_valid = all(isinstance(name, str) and name in NEEDS for name in names)
        if marker.args or set(marker.kwargs) - {"needs"} or not is_valid:
            valid = ", ".join(NEEDS)
            words = "@pytest.mark.apivideo_contract(needs=…) takes one or several of: "
            pytest.fail(words + valid, pytrace=False)
        found += names
    return found
