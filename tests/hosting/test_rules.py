"""pytest-httpserver's rules in front of the application."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
import requests
from werkzeug import Request, Response
from werkzeug.exceptions import Conflict

from fake_server.hosting import Disconnect, Host
from tests.hosting.conftest import Connect, Serve

GET = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"
Ask = Callable[..., tuple[int, str]]


@Request.application
def app(request: Request) -> Response:
    if request.files:
        return Response(f"app {request.files['f'].read().decode()}")
    return Response(f"app {request.get_data(as_text=True)}")


@pytest.fixture
def host(serve: Serve) -> Host:
    return serve(app)


@pytest.fixture
def ask(host: Host) -> Iterator[Ask]:
    with requests.Session() as session:

        def send(path: str = "/", method: str = "POST", **options: Any) -> tuple[int, str]:
            reply = session.request(method, host.url_for(path), timeout=20, **options)
            return reply.status_code, reply.text

        yield send


def test_a_rule_answers_first_and_the_application_the_rest(host: Host, ask: Ask) -> None:
    host.expect_request("/rule").respond_with_data("ruled")
    assert ask("/rule") == (200, "ruled")
    assert ask("/other", data="x") == (200, "app x")
    host.clear()
    assert ask("/rule") == (200, "app ")


def test_a_oneshot_rule_answers_once(host: Host, ask: Ask) -> None:
    host.expect_oneshot_request("/").respond_with_json({"a": 1})
    assert json.loads(ask()[1]) == {"a": 1}
    assert ask() == (200, "app ")


def test_only_answers_of_rules_are_logged(host: Host, ask: Ask) -> None:
    host.expect_request("/rule").respond_with_data("ruled")
    ask("/rule", data="sent")
    ask("/other")
    ((request, response),) = host.log
    assert (request.path, request.data, response.data) == ("/rule", b"sent", b"ruled")
    host.assert_request_made(host.create_matcher("/rule"))


def test_the_log_keeps_the_newest(host: Host, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fake_server.hosting.host.LOG_LIMIT", 3)
    host.clear_log()
    host.expect_request("/").respond_with_data("")
    for number in range(5):
        ask(data=str(number))
    assert [request.data for request, _ in host.log] == [b"2", b"3", b"4"]


@pytest.mark.parametrize(
    "rule", [{"data": "other"}, {"json": {"a": 1}}, {"data": b"x", "method": "PUT"}]
)
def test_the_application_can_read_a_body_that_a_rule_has_read(
    host: Host, ask: Ask, rule: Any
) -> None:
    host.expect_request("/", **rule).respond_with_data("ruled")
    assert ask(data="mine") == (200, "app mine")
    assert ask(method="GET") == (200, "app ")
    assert ask(files={"f": ("f", b"file")}) == (200, "app file")


def test_a_body_that_no_rule_asks_for_streams_on(host: Host, ask: Ask) -> None:
    host.expect_request("/rule").respond_with_data("ruled")
    assert ask(data=iter([b"a", b"b"])) == (200, "app ab")


def test_a_rule_may_look_at_a_form_and_at_the_raw_body(host: Host, ask: Ask) -> None:
    def handler(request: Request) -> Any:
        return Response(request.form["a"] + request.data.decode())

    host.expect_request("/").respond_with_handler(handler)
    assert ask(data={"a": "b"}) == (200, "ba=b")


def test_a_data_rule_matches_a_form(host: Host, ask: Ask) -> None:
    host.expect_request("/", data="a=b").respond_with_data("ruled")
    assert ask(data={"a": "b"}) == (200, "ruled")


def test_ordered_rules_fail_all_that_follows_a_mismatch(host: Host, ask: Ask) -> None:
    host.expect_ordered_request("/1").respond_with_data("one")
    host.expect_ordered_request("/2").respond_with_data("two")
    assert ask("/1") == (200, "one")
    assert ask("/3")[0] == 500
    assert ask("/2")[0] == 500
    assert ask("/anything")[0] == 500
    with pytest.raises(AssertionError, match="No handler found"):
        host.check()
    host.clear()
    assert ask("/2") == (200, "app ")


def test_ordered_rules_in_order_leave_the_rest_to_the_application(host: Host, ask: Ask) -> None:
    host.expect_ordered_request("/1").respond_with_data("one")
    assert ask("/1") == (200, "one")
    assert ask("/1") == (200, "app ")
    host.check()


def test_waiting_for_rules_is_not_ended_by_requests_to_the_application(
    host: Host, ask: Ask
) -> None:
    host.expect_oneshot_request("/rule").respond_with_data("ruled")
    with host.wait(timeout=20) as waiting:
        ask("/other")
        ask("/rule")
    assert waiting.result


def test_no_two_requests_share_a_oneshot_rule(host: Host, ask: Ask) -> None:
    both = threading.Barrier(2, timeout=20)

    class Slow:
        """A path that is compared by two requests at a time."""

        def __eq__(self, path: object) -> bool:
            both.wait()
            return path == "/"

        __hash__ = None  # type: ignore[assignment]  # as Python does for a class with __eq__

    host.expect_oneshot_request(cast("Any", Slow())).respond_with_data("ruled")
    with ThreadPoolExecutor(2) as pool:
        futures = [pool.submit(requests.get, host.url_for("/"), timeout=20) for _ in range(2)]
        texts = sorted(future.result().text for future in futures)
    assert texts == ["app ", "ruled"]


def test_a_oneshot_rule_can_be_taken_back(host: Host, ask: Ask) -> None:
    rule = host.expect_oneshot_request("/")
    host.oneshot_handlers.remove(rule)
    host.oneshot_handlers.remove(rule)
    assert ask() == (200, "app ")


def raising(error: BaseException) -> Callable[[Request], Response]:
    def handler(request: Request) -> Response:
        raise error

    return handler


@pytest.mark.parametrize("error", [ValueError("bad"), AssertionError("bad"), SystemExit("bad")])
def test_an_error_of_a_rule_is_raised_by_check_once(host: Host, ask: Ask, error: Any) -> None:
    host.expect_request("/").respond_with_handler(raising(error))
    assert ask() == (500, f"500 {type(error).__name__}: bad")
    with pytest.raises(type(error), match="bad") as caught:
        host.check()
    assert caught.value.__notes__ == ["while answering POST /"]
    host.check()
    assert host.log == []


def test_a_rule_without_response_is_an_error(host: Host, ask: Ask) -> None:
    host.expect_request("/")
    assert ask()[0] == 500
    with pytest.raises(Exception, match="no response defined"):
        host.check()


def test_an_error_in_a_matcher_is_raised_by_check(host: Host, ask: Ask) -> None:
    host.expect_request("/", headers={"X": "1"}, header_value_matcher=raising_matcher)
    assert ask()[0] == 500
    with pytest.raises(ZeroDivisionError):
        host.check()


def raising_matcher(name: str, actual: str | None, expected: str) -> bool:
    raise ZeroDivisionError


def test_an_http_exception_of_a_rule_is_its_answer(host: Host, ask: Ask) -> None:
    host.expect_request("/").respond_with_handler(raising(Conflict("taken")))
    status, text = ask()
    assert status == 409
    assert "taken" in text
    with pytest.raises(Conflict):
        host.check()


def test_a_rule_may_disconnect(host: Host, connect: Connect) -> None:
    host.expect_request("/").respond_with_handler(raising(Disconnect()))
    assert connect(host).send(GET).ended()
    assert host.handler_errors == []


def test_a_truncated_body_under_a_rule_is_the_clients_error(host: Host, connect: Connect) -> None:
    host.expect_request("/", data="x").respond_with_data("ruled")
    client = connect(host).send(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nx").end()
    assert client.reply().status == 400
    assert host.handler_errors == []


def test_errors_are_kept_up_to_a_limit(serve: Serve, connect: Connect) -> None:
    def failing(environ: WSGIEnvironment, start_response: StartResponse) -> None:
        raise ValueError(environ["PATH_INFO"])

    host = serve(failing)
    client = connect(host)
    for number in range(105):
        client.ask(f"GET /{number} HTTP/1.1\r\nHost: h\r\n\r\n".encode())
    assert len(host.handler_errors) == 100
    assert str(host.handler_errors[-1]) == "/104"
    host.clear()
    host.check()
