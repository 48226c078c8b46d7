"""`apivideo-fake`: the fake as a program of its own, for suites in any language."""

from __future__ import annotations

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

_LOOK = 0.2
"""Real seconds between two looks at the clocks: on real time, what is due happens by itself."""


class _WithOthers(click.Group):
    """Commands of this file, and those that other packages offer; imported when they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in order."""
        return sorted({*super().list_commands(ctx), *_others().names})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name."""
        own = super().get_command(ctx, cmd_name)
        if own is None and cmd_name in _others().names:
            other: click.Command = _others()[cmd_name].load()
            return other
        return own


def _others() -> EntryPoints:
    return entry_points(group="apivideo_fake.commands")


@click.group(cls=_WithOthers)
@click.version_option(package_name="pytest-apivideo", prog_name="apivideo-fake")
def cli() -> None:
    """A stateful fake of api.video."""


def _setting_options(command: Callable[..., None]) -> Callable[..., None]:
    for name, field in reversed(Settings.model_fields.items()):
        flag = "--" + name.replace("_", "-")
        words = f"{field.description}  [default: {field.default}]"
        command = click.option(flag, name, metavar="VALUE", help=words)(command)
    return command


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    default=8765,
    type=click.IntRange(0, 65535),
    show_default=True,
    help="Port to listen on; 0: any free one.",
)
@click.option("--sandbox-key", multiple=True, metavar="KEY", help="A sandbox API key; repeatable.")
@click.option(
    "--production-key", multiple=True, metavar="KEY", help="A production API key; repeatable."
)
@click.option("--admin-key", metavar="KEY", help="The key for the Admin API.")
@click.option("--tls", is_flag=True, help="Speak TLS, as well as plain HTTP, on the same port.")
@click.option(
    "--ca-file",
    default="apivideo-fake-ca.pem",
    type=click.Path(path_type=Path, dir_okay=False),
    show_default=True,
    help="Where --tls writes the certificate that clients have to trust.",
)
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Settings as a TOML file; an option beside it wins.",
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
    """Serve one project until interrupted; prints the address and the keys that it made.

    Under /_fake/ is the control API (docs/control.md). The options from the address to --config are
    about the server; all others are settings of the project.
    """
    given: dict[Environment, tuple[str, ...]] = {
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
        chosen = from_texts(texts, _read_config(config))
        project = server.projects.create(_seed(), chosen)
        told = [f"certificate to trust {ca_file.absolute()}"] if tls else []
        told += [f"{name} key {key}" for name, key in _replace_keys(project, given, admin_key)]
    except (SettingError, ValueError) as error:
        raise click.UsageError(str(error)) from None
    _run(server, told)


@cli.command()
def routes() -> None:
    """List the operations that are served: api.video's, and the control API's."""
    for one in (*OPERATIONS, *CONTROL):
        click.echo(f"{one.method:<7}{one.path:<62} {one.status}  {one.summary}")


@cli.command()
def settings() -> None:
    """List the settings: default, what it does, and where the default comes from."""
    for name, field in Settings.model_fields.items():
        facts: Any = field.json_schema_extra
        unsure = "" if facts["verified"] else " (verified: false)"
        click.echo(f"{name} = {field.default!r}")
        click.echo(f"    {field.description}\n    Source: {facts['source']}{unsure}")


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
        words = "--tls needs the extra tls: pip install 'pytest-apivideo[tls]'"
        raise click.UsageError(words) from None
    except OSError as error:
        raise click.UsageError(f"--ca-file: {error}") from None


def _seed() -> str:
    import secrets

    return secrets.token_hex(16)


def _replace_keys(
    project: Project, given: dict[Environment, tuple[str, ...]], admin_key: str | None
) -> list[tuple[str, str]]:
    """Put the given keys in the place of the generated ones; returns those that stay generated."""
    generated: list[tuple[str, str]] = []
    for environment in ENVIRONMENTS:
        default = project.keys.first(environment).value
        for value in given[environment]:
            project.keys.add(environment, value)
        if given[environment]:
            project.keys.remove(default)
        else:
            generated.append((environment, default))
    if admin_key is None:
        generated.append(("admin", project.admin_key.value))
    else:
        project.use_admin_key(admin_key)
    return generated


def _run(server: FakeServer, told: list[str]) -> None:
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stopper(stop))
    try:
        server.start()
    except HTTPServerError as error:
        raise click.ClickException(f"{error}. Choose another --port; 0: any free one.") from None
    click.echo(f"listening on {server.url}")
    for words in told:
        click.echo(words)
    while not stop.wait(_LOOK):
        for project in server.projects.open():
            project.clock.run_due()
    server.stop()
    for project in server.projects.open():
        server.projects.close(project)


def _stopper(stop: threading.Event) -> Callable[[int, Any], None]:
    return lambda number, frame: stop.set()
