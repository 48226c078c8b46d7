"""What operations of your own need: `FakeServer(operations=[GET("/mine", handler)])`.

A handler takes the `Context` of its call and returns a dict, a list, None, a `File`, or an `Answer`
with one of these; it raises a `Problem` to refuse the call. See docs/hooks.md.
"""

from fake_server.core.context import Answer
from fake_server.core.files import File
from fake_server.core.operations import DELETE, GET, PATCH, POST, PUT, Action, Operation
from fake_server.core.problems import Problem
from fake_server.project import Context

__all__ = [
    "DELETE",
    "GET",
    "PATCH",
    "POST",
    "PUT",
    "Action",
    "Answer",
    "Context",
    "File",
    "Operation",
    "Problem",
]
