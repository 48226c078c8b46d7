"""Small files in forms: what holds for every operation that takes one, over the table."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from fake_server.core.files import File, MiB
from fake_server.core.operations import Operation
from pytest_apivideo import ApiVideo
from tests.resources.operations import PROTECTED, accepted_file, concrete

DOCS = "https://docs.api.video/reference/"
TAKING = [operation for operation in PROTECTED if operation.file_rule]
TYPED = [operation for operation in TAKING if operation.file_rule and operation.file_rule.types]
# Sources have a rule of 200 MiB, which tests/uploads/test_whole_files.py goes to the end of.
SMALL = [one for one in TAKING if one.file_rule and one.file_rule.max_bytes < 100 * MiB]


def over(operations: list[Operation]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("operation", operations, ids=lambda one: one.name)


@over(TAKING)
@pytest.mark.parametrize("field", ["file", "holiday.png", "", "fileß"])
def test_a_file_is_taken_under_any_name_of_its_field(
    apivideo: ApiVideo, api: httpx.Client, operation: Operation, field: str
) -> None:
    assert operation.file_rule
    files = {field: accepted_file(operation.file_rule)}
    answer = api.request(operation.method, concrete(operation, apivideo), files=files)
    assert answer.status_code == operation.status


@over(SMALL)
def test_a_file_larger_than_the_limit_is_refused(
    apivideo: ApiVideo, api: httpx.Client, operation: Operation
) -> None:
    assert operation.file_rule
    path, most = concrete(operation, apivideo), operation.file_rule.max_bytes
    name, _, kind = accepted_file(operation.file_rule)
    for size, status in (
        (most, operation.status),
        (most + 1, 400),
        (most + 10**6, 400),
    ):
        files = {"file": (name, bytes(size), kind)}
        answer = api.request(operation.method, path, files=files)
        assert answer.status_code == status
    assert answer.json() == {
        "type": DOCS + "uploaded-file-too-large",
        "title": "The uploaded file is too large.",
        "status": 400,
        "name": "file",
    }


FORM = {"Content-Type": "multipart/form-data; boundary=x"}
PART = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
NO_FILE = ("uploaded-file-no-file", "There is no uploaded file in the request.")
BROKEN = ("invalid-payload", "The payload is invalid.")
REFUSED: list[tuple[str, dict[str, Any], tuple[str, str]]] = [
    ("nothing", {}, NO_FILE),
    ("JSON", {"json": {"file": "a.jpg"}}, NO_FILE),
    ("fields only", {"data": {"file": "a.jpg"}}, NO_FILE),
    (
        "a form without a file",
        {"headers": FORM, "content": PART.replace(b'; filename="a.jpg"', b"") + b"a\r\n--x--\r\n"},
        NO_FILE,
    ),
    ("no form at all", {"headers": FORM, "content": b"nonsense"}, BROKEN),
    ("a form that is cut", {"headers": FORM, "content": PART + b"a"}, BROKEN),
    (
        "a form without a boundary",
        {"headers": {"Content-Type": "multipart/form-data"}, "content": PART},
        BROKEN,
    ),
    (
        "an empty file",
        {"files": {"file": ("a.jpg", b"", "image/jpeg")}},
        ("uploaded-file-empty", "The uploaded file is empty."),
    ),
    (
        "two files",
        {"files": [("file", ("a.jpg", b"a")), ("file", ("b.jpg", b"b"))]},
        (
            "uploaded-file-multiple-files",
            "There is more than one uploaded file in the request.",
        ),
    ),
]


@over(TAKING)
@pytest.mark.parametrize(
    ("sent", "expected"),
    [pytest.param(sent, expected, id=name) for name, sent, expected in REFUSED],
)
def test_a_form_without_one_good_file_is_refused(
    apivideo: ApiVideo,
    api: httpx.Client,
    operation: Operation,
    sent: dict[str, Any],
    expected: tuple[str, str],
) -> None:
    path = concrete(operation, apivideo)
    before = apivideo.snapshot()
    answer = api.request(operation.method, path, **sent)
    problem = answer.json()
    assert answer.status_code == problem["status"] == 400
    assert (problem["type"], problem["title"]) == (DOCS + expected[0], expected[1])
    for environment, held in apivideo.snapshot().items():
        for kind, table in held.tables.items():
            assert list(table) == list(before[environment].tables[kind])


@over(TYPED)
@pytest.mark.parametrize(
    ("name", "kind", "good"),
    [
        ("file.{}", "application/octet-stream", True),
        ("FILE.{}", None, True),
        ("file", "image/{}", True),
        ("file", "application/octet-stream", True),
        ("no_file_name_provided", None, True),
        ("file.txt", "application/octet-stream", False),
        ("file.gif", "image/gif", False),
        ("{}", "text/plain", False),
        ("file.{}.exe", "", False),
    ],
)
def test_the_type_of_a_file_follows_its_name_or_content_type(
    apivideo: ApiVideo,
    api: httpx.Client,
    operation: Operation,
    name: str,
    kind: str | None,
    good: bool,
) -> None:
    assert operation.file_rule
    path = concrete(operation, apivideo)
    for extension in operation.file_rule.types:
        named = name.format(extension.upper() if name.isupper() else extension)
        told = kind.format(extension) if kind else kind
        answer = api.request(operation.method, path, files={"file": (named, b"content", told)})
        assert answer.status_code == (operation.status if good else 400)
        if not good:
            listed = ", ".join(operation.file_rule.type_names or operation.file_rule.types)
            assert answer.json() == {
                "type": DOCS + "uploaded-file-extension-invalid",
                "title": f"Only [{listed}] extensions are supported.",
                "status": 400,
                "name": "file",
            }


def test_a_file_shows_its_size_and_not_its_bytes() -> None:
    assert repr(File("a.png", "image/png", b"abc")) == "<File 'a.png' image/png 3 bytes>"
