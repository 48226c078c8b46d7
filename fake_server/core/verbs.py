"""The standard verbs: create, read, update and delete a resource (`listing` has the fifth, list).

Each takes a model and returns an action for the operation table. `find`, `sent`, `add` and `change`
are building blocks for other actions.
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
    """Create a resource from the attributes in the body."""

    def handle(call: Call) -> Resource:
        return add(call, model, sent(call, model, "create"))

    return Action(handle, (model, "create"), model, summary=f"Create {_with_article(model)}.")


def read(model: type[Resource]) -> Action:
    """Return one resource, or 404."""
    summary = f"Show one {readable_name(model)}."
    return Action(lambda call: find(call, model), answers=model, summary=summary)


def update(model: type[Resource]) -> Action:
    """Merge the body into a resource: an absent attribute stays, null clears, a list replaces."""

    def handle(call: Call) -> Resource:
        find(call, model)  # an unknown resource is a 404, even if the body is invalid
        return change(call, model, sent(call, model, "patch"))

    return Action(handle, (model, "patch"), model, summary=f"Change {_with_article(model)}.")


def delete(model: type[Resource]) -> Action:
    """Delete a resource with everything that belongs to it, or answer 404."""

    def handle(call: Call) -> None:
        with call.store.lock:
            call.store.remove(model, find(call, model).id)

    return Action(handle, summary=f"Delete {_with_article(model)}.")


def readable_name(model: type[Resource]) -> str:
    """Return the model's name in lower-case words: `live stream`."""
    return to_snake(model.__name__).replace("_", " ")


def _with_article(model: type[Resource]) -> str:
    name = readable_name(model)
    return f"an {name}" if name[0] in "aeiou" else f"a {name}"


def find(call: Call, model: type[R]) -> R:
    """Return the resource that the path names. Raises the 404 problem."""
    return call.store.find(model, call.parameters[model.path_parameter()])


def sent(call: Call, model: type[Resource], purpose: Purpose, also: Any = None) -> dict[str, Any]:
    """Return the attributes in the call's body. Raises one problem that lists all errors."""
    fields = model.model_fields.items()
    names = {to_camel(name) for name, info in fields if not info.exclude}
    return call.received(schema_of(model, purpose, also), read_only=names)


def add(call: Call, model: type[R], values: dict[str, Any]) -> R:
    """Put a new resource with these attributes into the store."""
    with call.store.lock:
        resource = model.new(call.store.new_id(model), call.now, values)
        return call.store.table(model).put(resource)


def change(call: Call, model: type[R], values: dict[str, Any]) -> R:
    """Change these attributes of the resource that the path names."""
    with call.store.lock:
        return call.store.table(model).put(find(call, model).changed(call.now, values))
