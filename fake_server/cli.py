"""The command line `apivideo-fake`, which serves the fake for tests in any language."""

from __future__ import annotations

import secrets
import signal
import ssl
import threading
import tomllib
import traceback
from collections.abc import Callable
from importlib.metadata import EntryPoints, entry_points
from pathlib import Path
from typing import Any

import click
from pytest_httpserver import HTTPServerError

from fake_server.control import OPERATIONS as CONTROL
from fake_server.project import Project
from fake_server.resources import OPERATIONS
from fake_server.server import FakeServer
from fake_server.settings import ENVIRONMENTS, Environment, SettingError, Settings, from_texts

_POLL_SECONDS = 0.2
"""Real seconds between two checks for due events, as nothing else moves a clock on real time."""


class _PluggableGroup(click.Group):
    """The commands of this file and of other packages, which are imported when they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return all names in order."""
        return sorted({*super().list_commands(ctx), *_entry_points().names})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of this name."""
        command = super().get_command(ctx, cmd_name)
        if command is None and cmd_name in _entry_points().names:
            command = _entry_points()[cmd_name].load()
        return command


def _entry_points() -> EntryPoints:
    return entry_points(group="apivideo_fake.commands")


@click.group(cls=_PluggableGroup)
@click.version_option(package_name="pytest-apivideo", prog_name="apivideo-fake")
def cli() -> None:
    """Serve and inspect a stateful fake of api.video."""


def _setting_options(command: Callable[..., None]) -> Callable[..., None]:
    for name, field in reversed(Settings.model_fields.items()):
        flag = "--" + name.replace("_", "-")
        text = f"{field.description}  [default: {field.default}]"
        command = click.option(flag, name, metavar="VALUE", help=text)(command)
    return command


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    default=8765,
    type=click.IntRange(0, 65535),
    show_default=True,
    help="Port to listen on; 0 selects a free one.",
)
@click.option("--sandbox-key", multiple=True, metavar="KEY", help="Sandbox API key; repeatable.")
@click.option(
    "--production-key", multiple=True, metavar="KEY", help="Production API key; repeatable."
)
@click.option("--admin-key", metavar="KEY", help="Key of the Admin API.")
@click.option("--tls", is_flag=True, help="Serve TLS and plain HTTP on the same port.")
@click.option(
    "--ca-file",
    default="apivideo-fake-ca.pem",
    type=click.Path(path_type=Path, dir_okay=False),
    show_default=True,
    help="File for the CA certificate of --tls, which clients must trust.",
)
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="TOML file with settings; options override it.",
)
@_setting_options
def serve(
    host: str,
    port: int,
    sandbox_key: tuple[str, ...],
    production_key: tuple[str, ...],
    admin_key: str | None,
    tls: bool,
    ca_file: Path,
    config: Path | None,
    **settings: str | None,
) -> None:
    """Serve one project until interrupted, and print its URL and the generated keys.

    The control API is under /_fake/ (docs/control.md). The options up to --config concern the
    server; all others are settings of the project (docs/settings.md).
    """
    keys: dict[Environment, tuple[str, ...]] = {
        "sandbox": sandbox_key,
        "production": production_key,
    }
    server = FakeServer(
        host=host,
        port=port,
        ssl_context=_tls(host, ca_file) if tls else None,
        mode="system",
        on_error=traceback.print_exception,
    )
    try:
        texts = {name: text for name, text in settings.items() if text is not None}
        project = server.projects.create(
            secrets.token_hex(16), from_texts(texts, _read_config(config))
        )
        generated = _replace_keys(project, keys, admin_key)
    except (SettingError, ValueError) as error:
        raise click.UsageError(str(error)) from None
    lines = [f"certificate to trust {ca_file.absolute()}"] if tls else []
    lines += [f"{name} key {key}" for name, key in generated]
    _run(server, lines)


@cli.command()
def routes() -> None:
    """List the operations of api.video's API and of the control API."""
    for one in (*OPERATIONS, *CONTROL):
        click.echo(f"{one.method:<7}{one.path:<62} {one.status}  {one.summary}")


@cli.command()
def settings() -> None:
    """List the settings with their defaults, descriptions and sources."""
    for name, field in Settings.model_fields.items():
        facts: Any = field.json_schema_extra
        click.echo(f"{name} = {field.default!r}")
        click.echo(f"    {field.description}\n    Source: {facts['origin']}: {facts['source']}")


def _read_config(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise click.UsageError(f"{path}: {error}") from None


def _tls(host: str, ca_file: Path) -> ssl.SSLContext:
    try:
        from fake_server.tls import make_context

        return make_context(host, ca_file)
    except ModuleNotFoundError:
        message = "--tls needs the extra tls: pip install 'pytest-apivideo[tls]'"
        raise click.UsageError(message) from None
    except OSError as error:
        raise click.UsageError(f"--ca-file: {error}") from None


def _replace_keys(
    project: Project, keys: dict[Environment, tuple[str, ...]], admin_key: str | None
) -> list[tuple[str, str]]:
    """Replace the generated keys by the given ones, and return the remaining generated keys."""
    generated: list[tuple[str, str]] = []
    for environment in ENVIRONMENTS:
        default = project.keys.first(environment).value
        for value in keys[environment]:
            project.keys.add(environment, value)
        if keys[environment]:
            project.keys.remove(default)
        else:
            generated.append((environment, default))
    if admin_key is None:
        generated.append(("admin", project.admin_key.value))
    else:
        project.use_admin_key(admin_key)
    return generated


def _run(server: FakeServer, lines: list[str]) -> None:
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        server.start()
    except HTTPServerError as error:
        message = f"{error}. Choose another --port; 0 selects a free one."
        raise click.ClickException(message) from None
    click.echo("\n".join([f"listening on {server.url}", *lines]))
    while not stop.wait(_POLL_SECONDS):
        for project in server.projects.open():
            project.clock.run_due()
    server.stop()
    for project in server.projects.open():
        server.projects.close(project)
