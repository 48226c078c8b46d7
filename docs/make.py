"""Writes the pages that are made from the code: `python docs/make.py`, or `make docs`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fake_server.control.openapi import document
from fake_server.settings import Settings
from pytest_apivideo.options import INI_OPTIONS, OPTIONS

HERE = Path(__file__).parent

SETTINGS = """# Settings

How one project of the fake behaves. The same names everywhere:
`@pytest.mark.apivideo(expires_in=60)` for a test, `apivideo.settings.expires_in = 60` inside it,
`apivideo-fake serve --expires-in 60` for a server.

`verified: false` marks a default that no source settles: nobody has seen what api.video does.

| setting | default | | source of the default |
|---|---|---|---|
"""

OPERATIONS = """# What is served

Made from the operation table. `GET /_fake/openapi.json` tells the same, with all fields.

| operation | | parameters of the query |
|---|---|---|
"""


OPTIONS_PAGE = """# Options of the plugin

The first place that names a value wins: command line, environment, ini file, default.

| command line | environment | ini file | |
|---|---|---|---|
"""


def options_page() -> str:
    """The table of options."""
    rows = [
        f"| `{option.flag}` | `{option.variable}` | `{option.ini}` | {option.help} |"
        for option in OPTIONS
    ]
    rows += [f"| | | `{option.ini}` | {option.help} |" for option in INI_OPTIONS]
    return OPTIONS_PAGE + "\n".join(rows) + "\n"


def settings_page() -> str:
    """The table of settings."""
    rows = []
    for name, field in Settings.model_fields.items():
        facts: Any = field.json_schema_extra
        source = facts["source"] + ("" if facts["verified"] else "; `verified: false`")
        rows.append(f"| `{name}` | `{field.default!r}` | {field.description} | {source} |")
    return SETTINGS + "\n".join(rows) + "\n"


def operations_page() -> str:
    """The table of operations."""
    rows = []
    for path, item in document()["paths"].items():
        for method, entry in item.items():
            names = [f"`{one['name']}`" for one in entry["parameters"] if one["in"] == "query"]
            rows.append(f"| `{method.upper()} {path}` | {entry['summary']} | {' '.join(names)} |")
    return OPERATIONS + "\n".join(rows) + "\n"


PAGES = {
    "settings.md": settings_page,
    "operations.md": operations_page,
    "options.md": options_page,
}

if __name__ == "__main__":
    for name, page in PAGES.items():
        (HERE / name).write_text(page())
