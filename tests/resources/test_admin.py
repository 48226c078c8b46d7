"""The Admin API: projects and their API keys, in a style of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from fake_server.resources import OPERATIONS
from pytest_apivideo import ApiVideo
from tests.description import description, needs_description

ADMIN = [operation for operation in OPERATIONS if operation.credential == "admin"]


@pytest.fixture
def admin(apivideo: ApiVideo) -> Iterator[httpx.Client]:
    """Provide a client with the admin key."""
    apivideo.clock.freeze("2030-01-15T12:00:00Z")
    with httpx.Client(base_url=apivideo.url, auth=(apivideo.admin_key, "")) as client:
        yield client


def first_project(admin: httpx.Client) -> str:
    name: str = admin.get("/projects").json()["items"][-1]["project_id"]
    return name


def works(apivideo: ApiVideo, key: str) -> bool:
    return httpx.get(f"{apivideo.url}/videos", auth=(key, "")).status_code == 200


@pytest.mark.parametrize("operation", ADMIN, ids=lambda operation: operation.name)
def test_every_operation_takes_the_admin_key_alone(
    apivideo: ApiVideo, http: httpx.Client, operation: Any
) -> None:
    path = re.sub(r"\{\w+\}", "nobody", operation.path)
    token = apivideo.tokens.issue().access_token
    refused = [
        http.request(operation.method, path, auth=(apivideo.api_key, "")),
        http.request(operation.method, path, headers={"Authorization": f"Bearer {token}"}),
        http.request(
            operation.method, path, headers={"Authorization": f"Bearer {apivideo.admin_key}"}
        ),
        http.request(operation.method, path),
    ]
    assert [answer.status_code for answer in refused] == [401] * 4
    accepted = http.request(operation.method, path, auth=(apivideo.admin_key, ""))
    assert accepted.status_code != 401


def test_the_admin_key_opens_nothing_else(apivideo: ApiVideo) -> None:
    assert not works(apivideo, apivideo.admin_key)
    assert apivideo.admin_key not in (apivideo.api_key, apivideo.production_key)


def test_an_account_begins_with_the_tests_own_project(
    apivideo: ApiVideo, admin: httpx.Client
) -> None:
    listed = admin.get("/projects").json()
    (project,) = listed["items"]
    assert re.fullmatch(r"project_\w{22}", project["project_id"])
    assert project == {
        "project_id": project["project_id"],
        "created_at": project["created_at"],
        "name": "Default project",
        "deletes_at": None,
        "region": "eu-central-1",
        "deleted": False,
    }
    assert listed["pagination"] == {"page": 1, "page_size": 20, "item_count": 1}
    assert listed["links"] == [{"rel": "self", "href": "/projects?page_size=20&page=1"}]
    keys = admin.get(f"/projects/{project['project_id']}/api-keys?sort_by=name").json()["items"]
    assert [key["value"] for key in keys] == [apivideo.production_key, apivideo.sandbox_key]
    assert re.fullmatch(r"api_key_\w{22}", keys[0]["api_key_id"])
    assert keys[0]["project_id"] == project["project_id"]


def test_a_key_works_from_creation_to_deletion(apivideo: ApiVideo, admin: httpx.Client) -> None:
    keys = f"/projects/{first_project(admin)}/api-keys"
    made = admin.post(keys, json={"name": "Deploy"})
    assert made.status_code == 201
    key = made.json()
    assert (key["name"], key["created_at"]) == ("Deploy", "2030-01-15T12:00:00+00:00")
    assert works(apivideo, key["value"])
    one = f"{keys}/{key['api_key_id']}"
    assert admin.get(one).json() == key
    assert admin.patch(one, json={"name": "Release"}).json() == {**key, "name": "Release"}
    assert admin.patch(one, json={}).json()["name"] == "Release"
    assert admin.delete(one).status_code == 204
    assert not works(apivideo, key["value"])
    assert admin.get(one).json()["name"] == "api_key_id"
    assert admin.delete(one).status_code == 404


def test_a_new_project_has_keys_and_resources_of_its_own(
    apivideo: ApiVideo, admin: httpx.Client
) -> None:
    made = admin.post("/projects", json={"name": "Second"})
    assert (made.status_code, made.json()["name"]) == (201, "Second")
    keys = f"/projects/{made.json()['project_id']}/api-keys"
    assert admin.get(keys).json()["items"] == []
    value = admin.post(keys, json={"name": "k"}).json()["value"]
    apivideo.videos.add()
    assert len(apivideo.videos) == 1
    with httpx.Client(base_url=apivideo.url, auth=(value, "")) as second:
        assert second.get("/videos").json()["pagination"]["itemsTotal"] == 0
        second.post("/videos", json={"title": "theirs"})
        token = second.post("/auth/api-key", json={"apiKey": value}).json()["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    assert httpx.get(f"{apivideo.url}/videos", headers=bearer).status_code == 200
    assert len(apivideo.videos) == 1
    apivideo.calls.assert_called("POST /videos", times=1)
    apivideo.clock.advance(3600)
    assert httpx.get(f"{apivideo.url}/videos", headers=bearer).status_code == 401


def test_a_project_is_renamed_and_ends_with_the_month(
    apivideo: ApiVideo, admin: httpx.Client
) -> None:
    project = admin.post("/projects", json={"name": "Second", "region": "eu-central-1"}).json()
    one = f"/projects/{project['project_id']}"
    renamed = admin.patch(one, json={"name": "Third"}).json()
    assert renamed == {**project, "name": "Third"}
    ending = admin.patch(one, json={"name": "Third", "deletes_at": "next_cycle"}).json()
    assert ending["deletes_at"] == "2030-02-01T00:00:00+00:00"
    assert admin.get(one).json() == ending
    apivideo.clock.travel("2030-02-01T00:00:00Z")
    assert admin.get(one).status_code == 404
    assert admin.get("/projects/count").json() == {"count": 1}


@pytest.mark.parametrize(
    ("query", "names", "rels"),
    [
        ("", ["beta", "Alpha", "Default project"], ["self"]),
        ("sort_by=name", ["Alpha", "beta", "Default project"], ["self"]),
        ("sort_by=created_at&sort_order=asc", ["Default project", "Alpha", "beta"], ["self"]),
        ("name=A&sort_by=name&sort_order=desc", ["Default project", "beta", "Alpha"], ["self"]),
        ("name=ALP", ["Alpha"], ["self"]),
        ("page_size=1", ["beta"], ["self", "next"]),
        ("page_size=1&page=2", ["Alpha"], ["previous", "self", "next"]),
        ("page_size=1&page=3", ["Default project"], ["previous", "self"]),
        ("page=9", [], ["previous", "self"]),
    ],
)
def test_projects_are_filtered_sorted_and_paged(
    apivideo: ApiVideo, admin: httpx.Client, query: str, names: list[str], rels: list[str]
) -> None:
    for name in ("Alpha", "beta"):
        apivideo.clock.advance(1)
        admin.post("/projects", json={"name": name})
    listed = admin.get(f"/projects?{query}").json()
    assert [project["name"] for project in listed["items"]] == names
    assert [link["rel"] for link in listed["links"]] == rels
    for link in listed["links"]:
        assert admin.get(link["href"]).status_code == 200


def test_links_keep_the_other_parameters(admin: httpx.Client) -> None:
    listed = admin.get("/projects?name=a b&sort_by=name&page=2").json()
    assert listed["links"][1]["href"] == "/projects?page_size=20&name=a+b&sort_by=name&page=2"


def test_counts_follow_the_filters(admin: httpx.Client) -> None:
    keys = f"/projects/{first_project(admin)}/api-keys"
    admin.post("/projects", json={"name": "Second"})
    assert admin.get("/projects/count").json() == {"count": 2}
    assert admin.get("/projects/count?name=seco").json() == {"count": 1}
    assert admin.get(f"{keys}/count").json() == {"count": 2}
    assert admin.get(f"{keys}/count?name=sandbox").json() == {"count": 1}
    assert admin.get(f"{keys}/count?value=nothing").json() == {"count": 0}


@pytest.mark.parametrize("usage", ["delivery-usage", "hosting-usage"])
@pytest.mark.parametrize(("interval", "days"), [("week", 7), ("month", 30)])
def test_usage_has_an_entry_for_each_day(
    admin: httpx.Client, usage: str, interval: str, days: int
) -> None:
    items = admin.get(f"/projects/{first_project(admin)}/{usage}?interval={interval}").json()[
        "items"
    ]
    assert len(items) == days
    assert items[-1]["collected_on"] == "2030-01-14"
    assert all(
        value == 0 for item in items for name, value in item.items() if name != "collected_on"
    )


WRONG = [
    ("GET", "/projects/{id}/hosting-usage", None, "interval", "required"),
    ("GET", "/projects/{id}/delivery-usage?interval=year", None, "interval", "invalid"),
    ("GET", "/projects?page=0", None, "page", "range"),
    ("GET", "/projects?page_size=101", None, "page_size", "range"),
    ("GET", "/projects?sort_by=value", None, "sort_by", "invalid"),
    ("GET", "/projects?sort_order=up", None, "sort_order", "invalid"),
    ("POST", "/projects", {}, "name", "required"),
    ("POST", "/projects", {"name": ""}, "name", "required"),
    ("POST", "/projects", {"name": 1}, "name", "invalid"),
    ("POST", "/projects", {"name": "a", "region": "moon"}, "region", "invalid"),
    ("PATCH", "/projects/{id}", {"deletes_at": "next_cycle"}, "name", "required"),
    ("PATCH", "/projects/{id}", {"name": "a", "deletes_at": "now"}, "deletes_at", "invalid"),
    ("POST", "/projects/{id}/api-keys", {}, "name", "required"),
]


@pytest.mark.parametrize(("method", "path", "body", "name", "constraint"), WRONG)
def test_errors_have_the_style_of_the_admin_api(
    admin: httpx.Client, method: str, path: str, body: Any, name: str, constraint: str
) -> None:
    path = path.replace("{id}", first_project(admin))
    answer = admin.request(method, path, json=body) if body is not None else admin.get(path)
    assert answer.status_code == 400
    assert answer.json() == {
        "type": "https://docs.api.video/reference/invalid-attribute",
        "title": "Bad request.",
        "detail": "An attribute is invalid.",
        "name": name,
        "constraint": constraint,
        "total_problems": 1,
    }
    assert admin.get("/projects/count").json() == {"count": 1}


def test_a_body_that_is_no_json_is_an_invalid_payload(admin: httpx.Client) -> None:
    answer = admin.post("/projects", content=b"name=a")
    assert (answer.status_code, answer.json()["title"]) == (400, "The payload is invalid.")


def test_an_unknown_project_is_a_404(admin: httpx.Client) -> None:
    answer = admin.get("/projects/project_nobody/api-keys")
    assert (answer.status_code, answer.json()["name"]) == (404, "project_id")


def test_the_accounts_of_two_tests_know_nothing_of_each_other(
    apivideo: ApiVideo, apivideo_server: Any, admin: httpx.Client
) -> None:
    with apivideo_server.project() as other:
        with httpx.Client(base_url=other.url, auth=(other.admin_key, "")) as theirs:
            foreign = first_project(theirs)
            theirs.post("/projects", json={"name": "Second"})
        assert admin.get(f"/projects/{foreign}").status_code == 404
        assert admin.get("/projects/count").json() == {"count": 1}


@needs_description
def test_every_operation_of_the_description_is_served() -> None:
    paths = description("admin-api.yaml")["paths"]
    methods = {"get", "post", "patch", "delete"}
    theirs = {f"{m.upper()} {path}" for path, item in paths.items() for m in item.keys() & methods}
    assert theirs == {operation.name for operation in ADMIN}
    assert len(theirs) == 13


def test_the_first_and_the_last_days_of_the_calendar_have_a_plan_and_a_usage(
    apivideo: ApiVideo, admin: httpx.Client
) -> None:
    one = f"/projects/{first_project(admin)}"
    apivideo.clock.freeze("9999-12-15")
    ending = admin.patch(one, json={"name": "a", "deletes_at": "next_cycle"}).json()
    assert ending["deletes_at"] == "9999-12-31T23:59:59+00:00"
    apivideo.clock.freeze("0001-01-05")
    usage = admin.get(f"{one}/hosting-usage?interval=month").json()["items"]
    assert len(usage) == 30
