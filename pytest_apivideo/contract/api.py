"""The client of the contract suite, which notes each answer in the report and checks it."""

from __future__ import annotations

from functools import partialmethod
from typing import Any

import httpx

from pytest_apivideo.contract.schemas import VIDEO, errors, page_of
from pytest_apivideo.targets.target import Target

DOCS = "https://docs.api.video/reference/"
NOT_FOUND = (
    "The requested resource could not be found.",  # the documentation, and a recorded answer
    "The requested resource was not found.",  # the OpenAPI document
)
_MAX_SHOWN = 500
Json = dict[str, Any]


class Answer:
    """A response of the target, with assertions."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self.status = response.status_code
        self.headers = response.headers

    def __str__(self) -> str:
        request = self.response.request
        body = self.response.text[:_MAX_SHOWN]
        return f"{request.method} {request.url.path} returned {self.status} {body}"

    def must_be(self, status: int | tuple[int, ...], schema: Any = None) -> Json:
        """Return the JSON body; fail unless the status and the body are as expected."""
        allowed = status if isinstance(status, tuple) else (status,)
        assert self.status in allowed, f"{self}\nthe status must be {status}"
        body: Json
        if schema is None:
            body = self.response.json() if self.response.content else {}
        else:
            body = self._json()
            invalid = errors(body, schema)
            assert not invalid, f"{self}\n" + "\n".join(invalid)
        return body

    def must_be_empty(self, status: int) -> None:
        """Fail unless the answer has this status and no body."""
        self.must_be(status)
        assert self.response.content == b"", f"{self}\nthe body must be empty"

    def must_be_problem(
        self, status: int, slug: str, *titles: str, name: str | None = None
    ) -> Json:
        """Return the problem; fail unless it has this status, type, one of the titles, the name."""
        problem = self.must_be(status, {"status": int})
        assert problem.get("type") == DOCS + slug, f"{self}\nthe type must be {DOCS + slug}"
        assert problem.get("title") in titles, f"{self}\nthe title must be {' or '.join(titles)}"
        assert problem["status"] == status, f"{self}\nthe problem's status must be {status}"
        if name is not None:
            assert problem.get("name") == name, f"{self}\nthe name must be {name}"
        return problem

    def must_be_bad_request(self, slug: str = "") -> Json:
        """Return the problem of an answer 400; fail unless its type ends with `slug`."""
        problem = self.must_be(400, {"title": str, "type": str})
        assert problem["title"], f"{self}\nthe problem must have a title"
        assert problem["type"].endswith(slug), f"{self}\nthe type must end with {slug}"
        return problem

    def must_be_not_found(self, name: str) -> None:
        """Fail unless the resource was not found; `name` is the parameter with its id."""
        self.must_be_problem(404, "resource-not-found", *NOT_FOUND, name=name)

    def _json(self) -> Any:
        media_type = self.headers.get("content-type", "").partition(";")[0]
        is_json = media_type in ("application/json", "application/problem+json")
        assert is_json, f"{self}\nthe media type must be JSON, not {media_type!r}"
        try:
            return self.response.json()
        except ValueError:
            raise AssertionError(f"{self}\nthe body must be JSON") from None


class Api:
    """A client for the target that notes each answer in the report."""

    def __init__(self, client: httpx.Client, target: Target) -> None:
        self._client = client
        self.target = target

    def request(self, method: str, path: str, json: Any = None, **options: Any) -> Answer:
        """Send a request, with a JSON body unless it is None, and note the answer."""
        return self.note(self.send(method, path, json=json, **options))

    get: partialmethod[Answer] = partialmethod(request, "GET")
    post: partialmethod[Answer] = partialmethod(request, "POST")
    patch: partialmethod[Answer] = partialmethod(request, "PATCH")
    put: partialmethod[Answer] = partialmethod(request, "PUT")
    delete: partialmethod[Answer] = partialmethod(request, "DELETE")

    def send(self, method: str, path: str, **options: Any) -> Answer:
        """Send a request without noting the answer: concurrent answers have no fixed order."""
        return Answer(self._client.request(method, path, **options))

    def note(self, answer: Answer) -> Answer:
        """Note an answer in the report."""
        self.target.observe(answer.response)
        return answer

    def found(self, setting: str, value: Any) -> None:
        """Note the value of a setting, or the answer to a question that no setting answers."""
        self.target.found(setting, value)

    def mark(self, text: str) -> str:
        """Add the mark of the run to a text."""
        return self.target.mark(text)

    def list(self, path: str, schema: Any, **query: Any) -> list[Json]:
        """Return the items of a page; fail unless they match the schema."""
        items: list[Json]
        items = self.get(path, params=query).must_be(200, page_of(schema))["data"]
        return items

    def make_video(self, title: str = "Maths", **attributes: Any) -> Json:
        """Create a video."""
        body = {"title": self.mark(title), **attributes}
        return self.post("/videos", body).must_be(201, VIDEO)

    def must_delete(self, path: str, name: str, *, read: str = "") -> None:
        """Delete a resource; fail unless it is not found afterwards, at `read` or its own path."""
        self.delete(path).must_be_empty(204)
        self.get(read or path).must_be_not_found(name)
        self.delete(path).must_be_not_found(name)
