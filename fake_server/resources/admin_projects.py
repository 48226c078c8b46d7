"""The Admin API's projects: list, create, rename them, and schedule their deletion.

The first project of an account is the test's own; one created here has its own resources and keys,
and shares clock, settings and the record of calls with the first.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import timedelta
from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict

from fake_server.core import problems
from fake_server.core.admin_style import choice, filtered, page_of, received
from fake_server.core.model import NotBlank
from fake_server.core.operations import GET, PATCH, POST, Action
from fake_server.project import Context, Project
from fake_server.time_values import at, later, moment_ns

_DAYS = {"month": 30, "week": 7}
_DELIVERED = ("live_stream_hls", "video_hls", "video_mp4")


class ProjectCreate(TypedDict):
    """The body that creates a project; the region is deprecated."""

    name: NotBlank
    region: NotRequired[Literal["eu-central-1"]]


class ProjectUpdate(TypedDict):
    """The body that changes a project; `next_cycle` is the first day of the next month."""

    name: NotBlank
    deletes_at: NotRequired[Literal["next_cycle"]]


class AdminProject(TypedDict):
    """A project as the Admin API shows it; `deletes_at` is null unless deletion is scheduled."""

    project_id: str
    created_at: str
    name: str
    deletes_at: str | None
    region: str
    deleted: bool


def list_projects(call: Context) -> dict[str, Any]:
    """List the projects of the account."""
    return page_of(call, map(_as_json, projects_of(call)), ("name",))


def count_projects(call: Context) -> dict[str, Any]:
    """Count the projects of the account."""
    return {"count": len(filtered(call, map(_as_json, projects_of(call)), ("name",)))}


def create_project(call: Context) -> AdminProject:
    """Create a project."""
    name = received(call, ProjectCreate)["name"]
    return _as_json(call.registry.create_sibling(call.project, name))


def show_project(call: Context) -> AdminProject:
    """Show one project."""
    return _as_json(project_of(call))


def update_project(call: Context) -> AdminProject:
    """Rename a project, or schedule its deletion."""
    project = project_of(call)
    sent = received(call, ProjectUpdate)
    project.name = sent["name"]
    if "deletes_at" in sent:
        month = call.now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        _, days = monthrange(month.year, month.month)
        project.deletes_ns = moment_ns(later(month, timedelta(days=days)))
    return _as_json(project)


def delivery_usage(call: Context) -> dict[str, Any]:
    """List the minutes delivered per day: none, as the fake delivers no video."""
    durations = {f"{kind}_duration_minutes": 0 for kind in _DELIVERED}
    return {"items": [{"collected_on": day, **durations} for day in _days(call)]}


def hosting_usage(call: Context) -> dict[str, Any]:
    """List the minutes hosted per day: none, as the fake hosts no video."""
    return {"items": [{"collected_on": day, "video_duration_minutes": 0} for day in _days(call)]}


def projects_of(call: Context) -> list[Project]:
    """Return the account's projects that are not deleted."""
    known = [call.project, *call.project.siblings]
    return [one for one in known if not _is_deleted(one, call.now_ns)]


def project_of(call: Context) -> Project:
    """Return the project that the path names; raise the 404 problem."""
    for project in projects_of(call):
        if project.admin_id == call.parameters["project_id"]:
            return project
    raise problems.resource_not_found("project_id")


def atom(moment_in_ns: int) -> str:
    """Return a time as the Admin API writes it."""
    return at(moment_in_ns).isoformat(timespec="seconds")


def _is_deleted(project: Project, now_ns: int) -> bool:
    end = project.deletes_ns
    return end is not None and end <= now_ns


def _as_json(project: Project) -> AdminProject:
    return {
        "project_id": project.admin_id,
        "created_at": atom(project.created_ns),
        "name": project.name,
        "deletes_at": None if project.deletes_ns is None else atom(project.deletes_ns),
        "region": "eu-central-1",
        "deleted": False,
    }


def _days(call: Context) -> list[str]:
    project_of(call)
    interval = choice(call, "interval", _DAYS, required=True)
    count = _DAYS[interval or "week"]
    days = (later(call.now, timedelta(days=-back)) for back in range(count, 0, -1))
    return [day.date().isoformat() for day in days]


_LIST, _ONE = "/projects", "/projects/{project_id}"
_CREATE = Action(create_project, ProjectCreate, AdminProject)
_UPDATE = Action(update_project, ProjectUpdate, AdminProject)

OPERATIONS = (
    GET(_LIST, Action(list_projects, reads_query=True), credential="admin"),
    GET(_LIST + "/count", Action(count_projects, reads_query=True), credential="admin"),
    POST(_LIST, _CREATE, status=201, credential="admin"),
    GET(_ONE, Action(show_project, answers=AdminProject), credential="admin"),
    PATCH(_ONE, _UPDATE, credential="admin"),
    GET(_ONE + "/delivery-usage", Action(delivery_usage, reads_query=True), credential="admin"),
    GET(_ONE + "/hosting-usage", Action(hosting_usage, reads_query=True), credential="admin"),
)
