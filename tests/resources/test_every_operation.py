"""What holds for every operation, tested once over the table; a new one gets it for nothing."""

from __future__ import annotations

from typing import Any

import httpx
import openapi_spec_validator
import pytest
from pydantic.alias_generators import to_camel

from fake_server.core.model import Resource, Writer
from fake_server.core.operations import Operation
from fake_server.resources import OPERATIONS
from pytest_apivideo import ApiVideo
from tests.resources.operations import (
    LISTS,
    OF_ONE,
    PROTECTED,
    SORTED,
    WITH_BODY,
    accepted_body,
    call,
    concrete,
    model_of,
    shape_of_body,
    unknown,
)

DOCS = "https://docs.api.video/reference/"
MODELS = [
    model
    for model in dict.fromkeys(model_of(operation) for operation in OPERATIONS)
    if isinstance(model, type) and issubclass(model, Resource)
]


def named(operation: Operation) -> str:
    return operation.name


every_protected = pytest.mark.parametrize("operation", PROTECTED, ids=named)


def refused(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].removeprefix(DOCS)


@every_protected
def test_without_a_credential_it_is_refused(
    apivideo: ApiVideo, http: httpx.Client, operation: Operation
) -> None:
    path = concrete(operation, apivideo)
    assert refused(call(http, operation, path)) == (
        401,
        "authentication-missing-authorization-header",
    )


@every_protected
def test_with_a_wrong_key_it_is_refused(
    apivideo: ApiVideo, http: httpx.Client, operation: Operation
) -> None:
    path = concrete(operation, apivideo)
    for key in ("nobody's key", apivideo.production_key):
        answer = call(http, operation, path, auth=(key, ""))
        assert refused(answer) == (401, "authentication-invalid-api-key")


@every_protected
def test_with_an_expired_token_it_is_refused(
    apivideo: ApiVideo, http: httpx.Client, operation: Operation
) -> None:
    path, headers = concrete(operation, apivideo), bearer(apivideo)
    apivideo.clock.advance_to_expiry()
    answer = call(http, operation, path, headers=headers)
    assert refused(answer) == (401, "authentication-invalid-access-token")


def bearer(apivideo: ApiVideo) -> dict[str, str]:
    return {"Authorization": f"Bearer {apivideo.tokens.issue().access_token}"}


@every_protected
def test_with_a_good_token_it_answers_and_is_recorded(
    apivideo: ApiVideo, http: httpx.Client, operation: Operation
) -> None:
    answer = call(http, operation, concrete(operation, apivideo), headers=bearer(apivideo))
    assert answer.status_code == operation.status
    if operation.action.answers is None and operation.action.lists is None:
        assert answer.content == b""
    else:
        assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    recorded = apivideo.calls.last(operation.name)
    assert (recorded.status, recorded.credential) == (operation.status, "bearer")
    assert len(apivideo.calls) == 1


@pytest.mark.parametrize("operation", OF_ONE, ids=named)
def test_an_unknown_id_is_a_404_that_names_the_parameter(
    apivideo: ApiVideo, api: httpx.Client, operation: Operation
) -> None:
    answer = call(api, operation, unknown(operation), content=b"not even JSON")
    assert refused(answer) == (404, "resource-not-found")
    assert answer.json()["name"] in operation.parameters


@pytest.mark.parametrize("operation", OF_ONE, ids=named)
def test_the_resource_of_another_project_is_a_404(
    apivideo: ApiVideo, apivideo_server: Any, http: httpx.Client, operation: Operation
) -> None:
    with apivideo_server.project() as other:
        path = concrete(operation, other)
        assert refused(call(http, operation, path, auth=(apivideo.api_key, "")))[0] == 404


def wrong_bodies() -> list[Any]:
    """For each field that a client may write: the values of all other JSON types."""
    table = []
    for operation in WITH_BODY:
        for name in shape_of_body(operation).__annotations__:
            table.append(pytest.param(operation, to_camel(name), id=f"{operation.name} {name}"))
    return table


@pytest.mark.parametrize(("operation", "attribute"), wrong_bodies())
def test_a_wrong_type_in_any_field_is_a_problem_that_names_it(
    apivideo: ApiVideo, api: httpx.Client, operation: Operation, attribute: str
) -> None:
    path = concrete(operation, apivideo)
    before = apivideo.snapshot()
    statuses = []
    for wrong in (7, "\x00 no such value", True, [7], {"seven": 7}):
        body = {**accepted_body(operation), attribute: wrong}
        answer = call(api, operation, path, json=body)
        statuses.append(answer.status_code)
        if answer.status_code == 400:
            assert answer.json()["name"].partition("[")[0] == attribute
            assert refused(answer)[1] in ("invalid-attribute", "attribute-required")
        else:
            apivideo.restore(before)
    assert statuses.count(400) >= 4, f"{attribute} takes values of several types: {statuses}"


@pytest.mark.parametrize("operation", WITH_BODY, ids=named)
def test_read_only_fields_in_a_body_are_ignored(
    apivideo: ApiVideo, api: httpx.Client, operation: Operation
) -> None:
    model = model_of(operation)
    assert model is not None
    read_only = {
        to_camel(name): "mine"
        for name, info in model.model_fields.items()
        if Writer.SERVER in info.metadata and name not in shape_of_body(operation).__annotations__
    }
    body = {**accepted_body(operation), **read_only}
    answer = call(api, operation, concrete(operation, apivideo), json=body)
    assert answer.status_code == operation.status
    assert "mine" not in answer.json().values()


@pytest.mark.parametrize("operation", LISTS, ids=named)
@pytest.mark.parametrize("query", ["currentPage=0", "pageSize=0", "pageSize=101", "pageSize=x"])
def test_a_list_keeps_its_pages_within_bounds(
    apivideo: ApiVideo, api: httpx.Client, operation: Operation, query: str
) -> None:
    answer = api.get(f"{concrete(operation, apivideo)}?{query}")
    assert answer.status_code == 400
    assert answer.json()["name"] == query.partition("=")[0]


@pytest.mark.parametrize("operation", SORTED, ids=named)
def test_a_list_sorts_by_every_declared_field(
    apivideo: ApiVideo, api: httpx.Client, operation: Operation
) -> None:
    path = concrete(operation, apivideo)
    refusal = api.get(f"{path}?sortBy=nothing").json()["detail"]
    for name in refusal.partition("Use one of ")[2].rstrip(".").split(", "):
        for order in ("asc", "desc"):
            query = {"sortBy": name.strip('"'), "sortOrder": order}
            assert api.get(path, params=query).status_code == 200


@pytest.mark.parametrize("operation", [one for one in PROTECTED if one.method == "GET"], ids=named)
def test_head_answers_as_get_without_a_body(
    apivideo: ApiVideo, api: httpx.Client, operation: Operation
) -> None:
    path = concrete(operation, apivideo)
    got, head = api.get(path), api.head(path)
    assert head.status_code == got.status_code
    assert head.content == b""
    assert head.headers["Content-Length"] == got.headers["Content-Length"]


@every_protected
def test_another_method_is_a_405_that_names_the_right_ones(
    apivideo: ApiVideo, api: httpx.Client, operation: Operation
) -> None:
    answer = api.request("LOCK", concrete(operation, apivideo))
    assert refused(answer) == (405, "method-not-allowed")
    assert operation.method in answer.headers["Allow"].split(", ")


@every_protected
def test_a_browser_of_another_origin_may_call_it(
    apivideo: ApiVideo, http: httpx.Client, operation: Operation
) -> None:
    asked = {
        "Origin": "https://app.example",
        "Access-Control-Request-Method": operation.method,
        "Access-Control-Request-Headers": "authorization,content-range",
    }
    answer = http.options(concrete(operation, apivideo), headers=asked)
    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert operation.method in answer.headers["Access-Control-Allow-Methods"]
    assert answer.headers["Access-Control-Allow-Headers"] == "authorization,content-range"


@every_protected
def test_a_slash_too_many_is_an_unrecognized_url(
    apivideo: ApiVideo, api: httpx.Client, operation: Operation
) -> None:
    path = concrete(operation, apivideo)
    for wrong in (path + "/", "/" + path, "/v1" + path):
        url = apivideo.url + wrong
        assert refused(call(api, operation, url)) == (404, "unrecognized-request-url")


def test_the_openapi_document_is_valid_and_has_every_operation(http: httpx.Client) -> None:
    document = http.get("/_fake/openapi.json").json()
    openapi_spec_validator.validate(document)
    told = {
        f"{method.upper()} {path}" for path, item in document["paths"].items() for method in item
    }
    assert told == {operation.name for operation in OPERATIONS}
    for item in document["paths"].values():
        for entry in item.values():
            assert entry["summary"].endswith(".")


def test_the_openapi_document_has_no_hidden_field(http: httpx.Client) -> None:
    schemas = http.get("/_fake/openapi.json").json()["components"]["schemas"]
    assert "liveStreamId" not in schemas["Video"]["properties"]
    assert "sourceType" not in schemas["Video"]["properties"]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_no_client_can_write_an_id_or_a_moment(model: type[Resource]) -> None:
    own = model.model_fields[model.id_field]
    moments = [info for name, info in model.model_fields.items() if name.endswith("_at")]
    for info in (own, *moments):
        assert Writer.SERVER in info.metadata


def test_an_operation_is_written_once_in_the_table() -> None:
    names = [operation.canonical for operation in OPERATIONS]
    assert len(names) == len(set(names))
