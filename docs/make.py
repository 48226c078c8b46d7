"""Generator of the pages that are built from the code: `python docs/make.py`, or `make docs`."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from fake_server.control.openapi import document
from fake_server.origins import ORIGINS
from fake_server.resources import OPERATIONS
from fake_server.settings import Settings
from pytest_apivideo.options import INI_OPTIONS, OPTIONS

HERE = Path(__file__).parent

SETTINGS_PAGE = """# Settings

The settings control how a project of the fake behaves. The names are the same everywhere:

| place | example |
|---|---|
| marker of a test | `@pytest.mark.apivideo(expires_in=60)` |
| inside a test | `apivideo.settings.expires_in = 60` |
| command line of a server | `apivideo-fake serve --expires-in 60` |
| [control API](control.md) | `PATCH /_fake/settings` with `{"expires_in": 60}` |

Each default has a source and a word for the kind of the source, explained in
[fidelity.md](fidelity.md). This page is generated from the code.

| setting | default | meaning | origin | source of the default |
|---|---|---|---|---|
"""

FIDELITY_PAGE = """# Where the fake's behavior is known from

Nothing has been compared with the live service yet. So each operation and each setting has a word
for the kind of source behind it:

{words}

{counts}
Where the fake knowingly differs is in [differences.md](differences.md). The control API is the
fake's own and left out. This page is generated from the code.

## Operations

| operation | origin | source |
|---|---|---|
{operations}

## Defaults of the settings

| setting | origin | source |
|---|---|---|
{settings}
"""

OPERATIONS_PAGE = """# Operations

This page lists the operations of the fake. It is generated from the code. `GET /_fake/openapi.json`
returns an OpenAPI document of the same operations, with all fields; `apivideo-fake routes` prints
them.

| operation | description | query parameters |
|---|---|---|
"""

OPTIONS_PAGE = """# Options of the plugin

The options configure the plugin for a whole test run. Each can be set on the command line, in an
environment variable or in pytest's ini file. The command line takes precedence over the environment
variable, and that over the ini file. `pytest --apivideo-info` prints the values and their origin.
This page is generated from the code.

| command line | environment variable | ini file | meaning |
|---|---|---|---|
"""


def options_page() -> str:
    """Return the page with the table of options."""
    rows = [
        f"| `{option.flag}` | `{option.variable}` | `{option.ini}` | {option.help} |"
        for option in OPTIONS
    ]
    rows += [f"| | | `{option.ini}` | {option.help} |" for option in INI_OPTIONS]
    return OPTIONS_PAGE + "\n".join(rows) + "\n"


def settings_page() -> str:
    """Return the page with the table of settings."""
    rows = []
    for name, field in Settings.model_fields.items():
        facts: Any = field.json_schema_extra
        source = f"{facts['origin']} | {facts['source']}"
        rows.append(f"| `{name}` | `{field.default!r}` | {field.description} | {source} |")
    return SETTINGS_PAGE + "\n".join(rows) + "\n"


def operations_page() -> str:
    """Return the page with the table of operations."""
    rows = []
    for path, methods in document()["paths"].items():
        for method, entry in methods.items():
            parameters = entry["parameters"]
            names = [f"`{item['name']}`" for item in parameters if item["in"] == "query"]
            rows.append(f"| `{method.upper()} {path}` | {entry['summary']} | {' '.join(names)} |")
    return OPERATIONS_PAGE + "\n".join(rows) + "\n"


def _of_operations() -> dict[str, tuple[str, str]]:
    return {one.name: (one.source.origin, one.source.text) for one in OPERATIONS}


def _of_settings() -> dict[str, tuple[str, str]]:
    facts: dict[str, Any] = {
        name: field.json_schema_extra for name, field in Settings.model_fields.items()
    }
    return {name: (one["origin"], one["source"]) for name, one in facts.items()}


def origin_counts() -> str:
    """Return the sentences with the numbers of operations and settings of each origin."""
    sentences = []
    for things, sources in (("operations", _of_operations()), ("settings", _of_settings())):
        counts = Counter(origin for origin, _ in sources.values())
        parts = [f"{counts[word]} {word}" for word in ORIGINS if counts[word]]
        sentences.append(f"{len(sources)} {things}: {', '.join(parts[:-1])} and {parts[-1]}.")
    return "\n".join(sentences)


def fidelity_page() -> str:
    """Return the page with the sources of all operations and settings."""

    def rows(sources: dict[str, tuple[str, str]]) -> str:
        return "\n".join(f"| `{name}` | {' | '.join(source)} |" for name, source in sources.items())

    words = "\n".join(f"- *{word}*: {meaning}." for word, meaning in ORIGINS.items())
    return FIDELITY_PAGE.format(
        words=words,
        counts=origin_counts(),
        operations=rows(_of_operations()),
        settings=rows(_of_settings()),
    )


PAGES = {
    "fidelity.md": fidelity_page,
    "settings.md": settings_page,
    "operations.md": operations_page,
    "options.md": options_page,
}

if __name__ == "__main__":
    for name, page in PAGES.items():
        (HERE / name).write_text(page())
