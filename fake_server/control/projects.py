"""Projects and their settings by the control API."""

from __future__ import annotations

import secrets
from typing import Any

from fake_server.core import problems
from fake_server.core.operations import DELETE, GET, PATCH, POST
from fake_server.project import Context
from fake_server.registry import ProjectRegistry
from fake_server.settings import SettingError, Settings, from_json


def show_settings(call: Context) -> dict[str, Any]:
    """All settings of the project, by the names they have everywhere."""
    return call.project.settings.model_dump(mode="json")


def change_settings(call: Context) -> dict[str, Any]:
    """Change the settings that are named, all or none; they take effect at the next request."""
    settings = call.project.settings
    changed, names = _read(call, settings)
    for name in names:
        setattr(settings, name, getattr(changed, name))
    return show_settings(call)


def create_project(call: Context) -> dict[str, Any]:
    """Make a project with keys of its own and these settings; the only answer that shows keys."""
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
    """End the project of the request's credential, if it was made by POST /_fake/projects."""
    if not call.project.account.isolated:
        raise problems.invalid_payload("Only a project of POST /_fake/projects can be ended.")
    call.registry.close(call.project)
    return {"status": "ok", "project": call.project.id}


def _read(call: Context, settings: Settings) -> tuple[Settings, list[str]]:
    """The settings with what the body changes, and the names in it."""
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
