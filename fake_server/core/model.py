"""A resource is one pydantic model; each fact about a field is declared there, once.

Who may write a field is an annotation (`ReadOnly[str]`), its limits, filter and order are arguments
of `field(...)`. The shapes of request bodies, their validation and our OpenAPI document are derived
from that.
"""

from __future__ import annotations

import enum
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, NotRequired, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    PrivateAttr,
    TypeAdapter,
    WithJsonSchema,
)
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError
from typing_extensions import TypedDict

if TYPE_CHECKING:
    from fake_server.core.context import Context
    from fake_server.core.listing import Filter

T = TypeVar("T")
Purpose = Literal["create", "patch"]


class Writer(enum.Enum):
    """Who writes a field: the server alone, or the client at creation only."""

    SERVER = "read-only"
    CREATION = "write-once"


ReadOnly = Annotated[T, Writer.SERVER]
WriteOnce = Annotated[T, Writer.CREATION]

# An optional field stays out of the answer while it is unset, as in api.video's answers.
Unset = Annotated[T | None, Field(exclude_if=lambda value: value is None)]


def _atom(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


Stamp = Annotated[
    datetime,
    Writer.SERVER,
    PlainSerializer(_atom, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""A moment in UTC, to the second on the wire: `2030-01-01T12:00:00+00:00` (ATOM)."""


@dataclass(frozen=True)
class Listed:
    """How a list may use the field: filter by it, sort by it."""

    filter: Filter | None
    sort: bool


def field(
    default: Any = ...,
    *,
    doc: str,
    least: int | None = None,
    most: int | None = None,
    filter: Filter | None = None,
    sort: bool = False,
    make: Any = None,
) -> Any:
    """One field's facts: `default` (or `make`, a factory), words, length limits, use in lists."""
    facts: dict[str, Any] = {"min_length": least, "max_length": most, "default_factory": make}
    given = {name: fact for name, fact in facts.items() if fact is not None}
    info: Any = (
        Field(description=doc, **given) if make else Field(default, description=doc, **given)
    )
    info.metadata.append(Listed(filter, sort))
    return info


def _not_blank(text: str) -> str:
    if not text.strip():
        raise PydanticCustomError("blank", "This value should not be blank.")
    return text


NotBlank = Annotated[str, AfterValidator(_not_blank)]


WIRE = ConfigDict(alias_generator=to_camel, allow_inf_nan=False)
"""For `@with_config` on a TypedDict of a body: its attributes are camelCase on the wire."""


class Shape(BaseModel):
    """Part of a resource, or a body of its own; camelCase on the wire, immutable here."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        allow_inf_nan=False,
        defer_build=True,
        extra="ignore",
        frozen=True,
        serialize_by_alias=True,
        validate_by_alias=True,
        validate_by_name=True,
    )


class Resource(Shape):
    """One kind of thing that the API offers. Instances are immutable: a change makes a new one.

    `prefix` begins the ids (`vi` + 22 characters); the first field of the class is the id.
    """

    prefix: ClassVar[str]
    id_field: ClassVar[str]
    _wire: dict[str, bytes] = PrivateAttr(default_factory=dict)

    def __init_subclass__(cls, *, prefix: str = "", **config: Any) -> None:
        super().__init_subclass__(**config)
        cls.prefix = prefix

    @classmethod
    def __pydantic_init_subclass__(cls, **config: Any) -> None:
        cls.id_field = next(iter(cls.model_fields))

    @property
    def id(self) -> str:
        """The resource's id, whatever its field is called."""
        return str(getattr(self, self.id_field))

    @classmethod
    def path_parameter(cls) -> str:
        """The id's name in paths and problems: `videoId`."""
        return to_camel(cls.id_field)

    def changed(self, **values: Any) -> Self:
        """A copy with these (already validated) values."""
        copy = self.model_copy(update=values)
        copy._wire = {}
        return copy

    def shown(self, context: Context[Any]) -> Self:
        """The resource as this call's answer shows it; subclasses fill in what depends on it."""
        return self

    def wire(self, context: Context[Any]) -> bytes:
        """The resource as JSON. Kept per version of the resource and per address of the server."""
        kept = self._wire.get(context.base_url)
        if kept is None:
            kept = self.shown(context).model_dump_json().encode()
            if self.keeps():
                self._wire[context.base_url] = kept
        return kept

    def keeps(self) -> bool:
        """Whether two answers show this version of the resource alike."""
        return True


@functools.cache
def shape_of(model: type[Resource], purpose: Purpose, also: Any = None) -> Any:
    """The TypedDict of what a client may send to create or to patch a resource.

    Read-only fields are absent, so they are ignored; with `patch` nothing is required, which makes
    the result a JSON merge patch: an absent key keeps, null clears where the type allows it. `also`
    is a TypedDict of attributes that only the request has.
    """
    fields = {
        name: _input(info, purpose)
        for name, info in model.model_fields.items()
        if _writer(info) is None or (purpose == "create" and _writer(info) is Writer.CREATION)
    }
    extra = dict(also.__annotations__) if also else {}
    typed_dict: Any = TypedDict
    made = typed_dict(f"{model.__name__}{purpose.capitalize()}", {**fields, **extra})
    made.__module__ = model.__module__
    made.__pydantic_config__ = WIRE
    return made


def _input(info: Any, purpose: Purpose) -> Any:
    annotated: Any = Annotated
    kind = functools.reduce(
        lambda kind, fact: annotated[kind, fact], info.metadata, info.annotation
    )
    kind = annotated[kind, Field(description=info.description)]
    required = purpose == "create" and info.is_required()
    return kind if required else NotRequired[kind]


def _writer(info: Any) -> Writer | None:
    return next((fact for fact in info.metadata if isinstance(fact, Writer)), None)


def listed(model: type[Resource]) -> Mapping[str, Listed]:
    """The fields that lists may filter or sort by, under their names on the wire."""
    return {
        to_camel(name): fact
        for name, info in model.model_fields.items()
        for fact in info.metadata
        if isinstance(fact, Listed)
    }


@functools.cache
def adapter(shape: Any) -> TypeAdapter[Any]:
    """The validator of a shape, built when first needed."""
    return TypeAdapter(shape)
