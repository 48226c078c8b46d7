"""The Admin API's API keys, which take effect at once.

A new key is valid in the environment of requests to the fake's own address.
"""

from __future__ import annotations

from typing import Any

from typing_extensions import TypedDict

from fake_server.auth.records import ApiKey
from fake_server.core import problems
from fake_server.core.admin_style import filtered, page_of, received
from fake_server.core.model import NotBlank
from fake_server.core.operations import DELETE, GET, PATCH, POST, Action
from fake_server.project import Context, Project
from fake_server.resources.admin_projects import atom, project_of


class ApiKeyCreate(TypedDict):
    """The body that creates an API key."""

    name: NotBlank


class ApiKeyUpdate(TypedDict, total=False):
    """The body that changes an API key."""

    name: NotBlank


class AdminApiKey(TypedDict):
    """An API key as the Admin API shows it, with its value."""

    project_id: str
    api_key_id: str
    created_at: str
    name: str
    value: str


def list_keys(call: Context) -> dict[str, Any]:
    """List the API keys of a project."""
    return page_of(call, _all_as_json(project_of(call)), ("name", "value"))


def count_keys(call: Context) -> dict[str, Any]:
    """Count the API keys of a project."""
    return {"count": len(filtered(call, _all_as_json(project_of(call)), ("name", "value")))}


def create_key(call: Context) -> AdminApiKey:
    """Create an API key, which is valid at once."""
    project = project_of(call)
    name = received(call, ApiKeyCreate)["name"]
    value = project.keys.add(call.settings.environment, name=name)
    return _as_json(project, project.keys.own(value))


def show_key(call: Context) -> AdminApiKey:
    """Show one API key."""
    return _as_json(*_project_and_key(call))


def update_key(call: Context) -> AdminApiKey:
    """Rename an API key."""
    project, key = _project_and_key(call)
    key.name = received(call, ApiKeyUpdate).get("name", key.name)
    return _as_json(project, key)


def delete_key(call: Context) -> None:
    """Delete an API key, which is invalid at once."""
    project, key = _project_and_key(call)
    project.keys.remove(key.value)


def _project_and_key(call: Context) -> tuple[Project, ApiKey]:
    project = project_of(call)
    for key in project.keys:
        if key.id == call.parameters["api_key_id"]:
            return project, key
    raise problems.resource_not_found("api_key_id")


def _all_as_json(project: Project) -> list[AdminApiKey]:
    return [_as_json(project, key) for key in project.keys]


def _as_json(project: Project, key: ApiKey) -> AdminApiKey:
    return {
        "project_id": project.admin_id,
        "api_key_id": key.id,
        "created_at": atom(key.created_ns),
        "name": key.name,
        "value": key.value,
    }


_LIST = "/projects/{project_id}/api-keys"
_ONE = _LIST + "/{api_key_id}"
_CREATE = Action(create_key, ApiKeyCreate, AdminApiKey)
_UPDATE = Action(update_key, ApiKeyUpdate, AdminApiKey)

OPERATIONS = (
    GET(_LIST, Action(list_keys, reads_query=True), credential="admin"),
    GET(_LIST + "/count", Action(count_keys, reads_query=True), credential="admin"),
    POST(_LIST, _CREATE, status=201, credential="admin"),
    GET(_ONE, Action(show_key, answers=AdminApiKey), credential="admin"),
    PATCH(_ONE, _UPDATE, credential="admin"),
    DELETE(_ONE, delete_key, credential="admin"),
)
