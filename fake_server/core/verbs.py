"""The standard verbs: create, read, update and delete a resource (`listing` has the fifth, list).

Each takes a model and returns the action for the operation table. What they are made of, `sent` and
`add`, serves the actions of a resource's own.
"""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic.alias_generators import to_camel, to_snake

from fake_server.core.context import Context
from fake_server.core.model import Purpose, Resource, schema_of
from fake_server.core.operations import Action

R = TypeVar("R", bound=Resource)
Call = Context[Any]


def create(model: type[Resource]) -> Action:
    """Make a resource from the attributes that were sent."""

    def handle(call: Call) -> Resource:
        return add(call, model, sent(call, model, "create"))

    return Action(handle, (model, "create"), model, summary=f"Create {_a(model)}.")


def read(model: type[Resource]) -> Action:
    """Return one resource, or 404."""
    summary = f"Show one {_word(model)}."
    return Action(lambda call: find(call, model), answers=model, summary=summary)


def update(model: type[Resource]) -> Action:
    """Merge what was sent: absent keeps, null clears where it may, lists replace."""

    def handle(call: Call) -> Resource:
        find(call, model)  # an unknown resource is a 404, whatever was sent
        return change(call, model, sent(call, model, "patch"))

    return Action(handle, (model, "patch"), model, summary=f"Change {_a(model)}.")


def delete(model: type[Resource]) -> Action:
    """Remove a resource for good, with all that belongs to it, or 404."""

    def handle(call: Call) -> None:
        with call.store.lock:
            call.store.remove(model, find(call, model).id)

    return Action(handle, summary=f"Delete {_a(model)}.")


def _word(model: type[Resource]) -> str:
    return to_snake(model.__name__).replace("_", " ")


def _a(model: type[Resource]) -> str:
    word = _word(model)
    return f"an {word}" if word[0] in "aeiou" else f"a {word}"


def find(call: Call, model: type[R]) -> R:
    """The resource that the path names; raises the 404 problem."""
    name = model.path_parameter()
    return call.store.find(model, call.parameters[name])


def sent(call: Call, model: type[Resource], purpose: Purpose, also: Any = None) -> dict[str, Any]:
    """The attributes in the call's body; raises a problem that holds all that is wrong with it."""
    shape = schema_of(model, purpose, also)
    shown = (name for name, info in model.model_fields.items() if not info.exclude)
    names = {to_camel(name) for name in shown}
    return call.received(shape, read_only=names)


def add(call: Call, model: type[R], values: dict[str, Any]) -> R:
    """Put a new resource with these attributes into the store."""
    with call.store.lock:
        made = model.new(call.store.new_id(model), call.now, values)
        return call.store.table(model).put(made)


def change(call: Call, model: type[R], values: dict[str, Any]) -> R:
    """Put these attributes into the resource that the path names."""
    with call.store.lock:
        return call.store.table(model).put(find(call, model).changed(call.now, values))
