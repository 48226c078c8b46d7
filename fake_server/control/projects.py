"""The control API's operations on projects and settings."""

from __future__ import annotations

import secrets
from typing import Any

from fake_server.core import problems
from fake_server.core.operations import DELETE, GET, PATCH, POST
from fake_server.project import Context
from fake_server.registry import ProjectRegistry
from fake_server.settings import SettingError, Settings, from_json


def show_settings(call: Context) -> dict[str, Any]:
    """Show all settings of the project."""
    return call.project.settings.model_dump(mode="json")


def change_settings(call: Context) -> dict[str, Any]:
    """Change the given settings, all or none, from the next request on."""
    settings = call.project.settings
    changed, names = _read(call, settings)
    for name in names:
        setattr(settings, name, getattr(changed, name))
    return show_settings(call)


def create_project(call: Context) -> dict[str, Any]:
    """Create a project with these settings, and show its keys; no other answer shows keys."""
    settings, _ = _read(call, Settings()) if call.body else (Settings(), ())
    registry: ProjectRegistry = call.registry
    project = registry.create(secrets.token_hex(16), settings, isolated=True)
    return {
        "project": project.id,
        "url": call.base_url,
        "sandboxKey": project.keys.first("sandbox").value,
        "productionKey": project.keys.first("production").value,
        "adminKey": project.admin_key.value,
    }


def close_project(call: Context) -> dict[str, Any]:
    """Close the credential's project, if POST /_fake/projects created it."""
    if not call.project.account.isolated:
        raise problems.invalid_payload("Only a project from POST /_fake/projects can be closed.")
    call.registry.close(call.project)
    return {"status": "ok", "project": call.project.id}


def _read(call: Context, settings: Settings) -> tuple[Settings, list[str]]:
    """Return the settings with the body's changes, and the names in the body."""
    try:
        return from_json(call.body, settings)
    except SettingError as error:
        raise problems.invalid_payload(str(error)) from None


OPERATIONS = (
    GET("/_fake/settings", show_settings, credential="control"),
    PATCH("/_fake/settings", change_settings, credential="control"),
    POST("/_fake/projects", create_project, credential="control"),
    DELETE("/_fake/projects", close_project, status=200, credential="control"),
)
