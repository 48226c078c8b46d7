"""How the tests of the contract talk to a target: every answer is noted, and judged by words."""

from __future__ import annotations

from typing import Any

import httpx

from pytest_apivideo.contract.shapes import wrong_with
from pytest_apivideo.targets.target import Target

DOCS = "https://docs.api.video/reference/"
NOT_FOUND = (
    "The requested resource could not be found.",  # the documentation, and a live capture
    "The requested resource was not found.",  # the description
)
_MAX_SHOWN = 500


class Answer:
    """An answer of the target, with what must be true of it."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self.status = response.status_code
        self.headers = response.headers

    def __str__(self) -> str:
        request = self.response.request
        body = self.response.text[:_MAX_SHOWN]
        return f"{request.method} {request.url.path} gave {self.status} {body}"

    @property
    def json(self) -> Any:
        """The body as JSON; a test fails if it is none."""
        try:
            return self.response.json()
        except ValueError:
            raise AssertionError(f"{self}\nthe body must be JSON") from None

    def must_be(self, status: int | tuple[int, ...], shape: Any = None) -> Any:
        """The body; fails unless the status is right, and the body of this shape."""
        allowed = status if isinstance(status, tuple) else (status,)
        assert self.status in allowed, f"{self}\nthe status must be {status}"
        if shape is None:
            return self.response.json() if self.response.content else None
        self._must_be_json()
        wrong = wrong_with(self.json, shape)
        assert not wrong, f"{self}\n" + "\n".join(wrong)
        return self.json

    def must_be_empty(self, status: int) -> None:
        """Fails unless there is this status and no body."""
        self.must_be(status)
        assert self.response.content == b"", f"{self}\nthere must be no body"

    def must_be_problem(
        self, status: int, slug: str, *titles: str, name: str | None = None
    ) -> dict[str, Any]:
        """The problem; fails unless it has this status, type, one of these titles, and the name."""
        self.must_be(status)
        self._must_be_json()
        problem = self.json
        assert isinstance(problem, dict), f"{self}\na problem must be an object"
        assert problem.get("type") == DOCS + slug, f"{self}\nthe type must be {DOCS + slug}"
        assert problem.get("title") in titles, f"{self}\nthe title must be {' or '.join(titles)}"
        assert problem.get("status") == status, f"{self}\nthe problem's status must be {status}"
        if name is not None:
            assert problem.get("name") == name, f"{self}\nthe name must be {name}"
        return problem

    def must_be_not_found(self, name: str) -> None:
        """Fails unless a resource was not found; `name` is the parameter that named it."""
        self.must_be_problem(404, "resource-not-found", *NOT_FOUND, name=name)

    def _must_be_json(self) -> None:
        media_type = self.headers.get("content-type", "").partition(";")[0]
        good = media_type in ("application/json", "application/problem+json")
        assert good, f"{self}\nthe media type must be JSON, not {media_type!r}"


class Api:
    """A client on the target; every answer goes into the report."""

    def __init__(self, client: httpx.Client, target: Target) -> None:
        self._client = client
        self._target = target

    def request(self, method: str, path: str, **parts: Any) -> Answer:
        """Send a request, and note its answer; the parts are those of httpx."""
        return self.note(self.ask(method, path, **parts))

    def ask(self, method: str, path: str, **parts: Any) -> Answer:
        """Send a request without noting its answer: of several at once the order is not known."""
        return Answer(self._client.request(method, path, **parts))

    def note(self, answer: Answer) -> Answer:
        """Note an answer in the report."""
        self._target.observe(answer.response)
        return answer

    def get(self, path: str, **parts: Any) -> Answer:
        """Send a GET."""
        return self.request("GET", path, **parts)

    def post(self, path: str, json: Any = None, **parts: Any) -> Answer:
        """Send a POST, with a JSON body if there is one."""
        return self.request("POST", path, **_with_json(json, parts))

    def patch(self, path: str, json: Any = None, **parts: Any) -> Answer:
        """Send a PATCH, with a JSON body if there is one."""
        return self.request("PATCH", path, **_with_json(json, parts))

    def put(self, path: str, **parts: Any) -> Answer:
        """Send a PUT."""
        return self.request("PUT", path, **parts)

    def delete(self, path: str) -> Answer:
        """Send a DELETE."""
        return self.request("DELETE", path)


def _with_json(json: Any, parts: dict[str, Any]) -> dict[str, Any]:
    return parts if json is None else {"json": json, **parts}
