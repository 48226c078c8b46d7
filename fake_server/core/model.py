"""A resource is one pydantic model; each fact about a field is declared there, once.

Who may write a field is an annotation (`ReadOnly[str]`), its limits, filter and order are arguments
of `field(...)`. The shapes of request bodies, their validation and our OpenAPI document are derived
from that.
"""

from __future__ import annotations

import enum
import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Literal, NotRequired, Protocol, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    TypeAdapter,
    ValidationInfo,
    WithJsonSchema,
)
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError
from typing_extensions import TypedDict, get_type_hints

from fake_server.core.filters import Filter

T = TypeVar("T")
Purpose = Literal["create", "patch"]


class Writer(enum.Enum):
    """Who writes a field, other than the client at any time."""

    SERVER = "read-only"
    CREATION = "write-once"


ReadOnly = Annotated[T, Writer.SERVER]
"""Only the server writes the field; a client's value is ignored."""
WriteOnce = Annotated[T, Writer.CREATION]
"""The client gives the field at creation and cannot change it."""
Hidden = Annotated[T, Writer.SERVER, Field(exclude=True)]
"""The field is in no answer; lists may filter by it."""
Unset = Annotated[T | None, Field(exclude_if=lambda value: value is None)]
"""The field stays out of the answer while it is None, as in api.video's answers."""


def _atom(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")


def _in_utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


Timestamp = Annotated[
    datetime,
    Writer.SERVER,
    AfterValidator(_in_utc),
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
    example: Any = None,
) -> Any:
    """One field's facts: `default` (or `make`, a factory), words, length limits, use in lists.

    `example` is what tests get that add a resource without this (required) field.
    """
    facts: dict[str, Any] = {"min_length": least, "max_length": most, "default_factory": make}
    given = {name: fact for name, fact in facts.items() if fact is not None}
    if example is not None:
        given["examples"] = [example]
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


def known(kind: type[Resource]) -> AfterValidator:
    """What checks that a client names a resource of this kind that exists; a test may name any."""

    def check(identifier: str, info: ValidationInfo) -> str:
        if info.context is not None and identifier not in info.context.store.table(kind):
            raise PydanticCustomError("unknown", "This value is not the id of a resource.")
        return identifier

    return AfterValidator(check)


WIRE = ConfigDict(alias_generator=to_camel, allow_inf_nan=False)
"""For `@with_config` on a TypedDict of a body: its attributes are camelCase on the wire."""


class Viewer(Protocol):
    """Who looks at a resource: the call whose answer shows it."""

    asset_base: str

    def asset_url(self, host: str, path: str) -> str:
        """The address of an asset that api.video serves from `https://<host>.api.video<path>`."""

    def ticket(self, subject: str) -> str:
        """A token, a UUID, that tells by itself what it lets its bearer see."""


class Schema(BaseModel):
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

    def wire(self, call: Viewer) -> bytes:
        """The shape as JSON."""
        return self.model_dump_json().encode()


class Resource(Schema):
    """One kind of thing that the API offers. Instances are immutable: a change makes a new one.

    `prefix` begins the ids (`vi` + 22 characters); the first field of the class is the id.
    `collection` is what a test finds them under: `apivideo.videos`. `owner` is the kind of resource
    that it belongs to and goes with; a field of the name of the owner's id says to which. `secret`
    is the field that no report may show.
    """

    prefix: ClassVar[str]
    collection: ClassVar[str | None] = None
    owner: ClassVar[type[Resource] | None] = None
    secret: ClassVar[str | None] = None
    id_field: ClassVar[str]

    def __init_subclass__(
        cls,
        *,
        prefix: str = "",
        collection: str | None = None,
        owner: type[Resource] | None = None,
        **config: Any,
    ) -> None:
        super().__init_subclass__(**config)
        cls.prefix = prefix
        cls.collection = collection
        cls.owner = owner

    @classmethod
    def __pydantic_init_subclass__(cls, **config: Any) -> None:
        cls.id_field = next(iter(cls.model_fields))

    @classmethod
    def new(cls, identifier: str, now: datetime, values: Mapping[str, Any]) -> Self:
        """A new resource: its id, its moments, and what the client (or a test) chose."""
        moments = {name: now for name in _MOMENTS if name in cls.model_fields}
        return cls(**{cls.id_field: identifier, **moments, **values})

    @property
    def id(self) -> str:
        """The resource's id, whatever its field is called."""
        return str(getattr(self, self.id_field))

    def owner_id(self) -> str | None:
        """The id of the resource that it belongs to; None if there is no such."""
        return None if self.owner is None else str(getattr(self, self.owner.id_field))

    @classmethod
    def path_parameter(cls) -> str:
        """The id's name in paths and problems: `videoId`."""
        return to_camel(cls.id_field)

    def changed(self, now: datetime, values: Mapping[str, Any]) -> Self:
        """A copy with these (already validated) values, updated now."""
        moment = {"updated_at": now} if "updated_at" in type(self).model_fields else {}
        copy = self.model_copy(update={**moment, **values})
        copy.__dict__.pop(_WIRE_KEY, None)
        return copy

    def shown(self, call: Viewer) -> Self:
        """The resource as this call's answer shows it; subclasses fill in what depends on it."""
        return self

    def held(self, context: Callable[[], Any]) -> Self:
        """The same resource, with its levers at hand: what they need is asked for then."""
        self.__dict__[_PLACE] = _Place(context)
        return self

    def context(self) -> Any:
        """What is at hand for a lever on it; LookupError if no collection of a test has it."""
        place: _Place | None = self.__dict__.get(_PLACE)
        if place is None:
            raise LookupError(
                f"this {type(self).__name__} belongs to no project: take it from a collection, "
                f"such as apivideo.{self.collection}[...], to use its levers"
            )
        return place.context()

    def deadlines(self) -> Mapping[str, datetime | None]:
        """When time will do what to it: the moments of due events, by their names.

        The names are always the same; None is the moment of what will not happen.
        """
        return {}

    def keeps(self) -> bool:
        """Whether two answers show this version of the resource alike."""
        return True

    def wire(self, call: Viewer) -> bytes:
        """The resource as JSON; kept for this version of it, with the address in it."""
        kept: tuple[str | None, bytes] = self.__dict__.get(_WIRE_KEY, (None, b""))
        base, wire = kept
        if base != call.asset_base:
            wire = self.shown(call).model_dump_json().encode()
            if self.keeps():
                self.__dict__[_WIRE_KEY] = (call.asset_base, wire)
        return wire


class _Place:
    """Where a resource is; left behind when it is copied deeply or pickled."""

    def __init__(self, context: Callable[[], Any]) -> None:
        self.context = context

    def __deepcopy__(self, memo: Any) -> None:
        return None

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(None), ())


# Beside the fields in the instance's dict, as functools.cached_property would keep it: pydantic
# copies such entries and leaves them out of everything else, and a private attribute costs more.
_WIRE_KEY = "wire, and the address of the assets in it"

_PLACE = "where it is"  # kept in the same way

_MOMENTS = ("created_at", "updated_at", "published_at", "emitted_at")


@functools.cache
def schema_of(model: type[Resource], purpose: Purpose, also: Any = None) -> Any:
    """The TypedDict of what a client may send to create or to patch a resource.

    Read-only fields are absent, so they are ignored; with `patch` nothing is required, which makes
    the result a JSON merge patch: an absent key keeps, null clears where the type allows it. `also`
    is a TypedDict of attributes that only the request has, none of them required.
    """
    fields = {
        name: _input(info, purpose)
        for name, info in model.model_fields.items()
        if _writer(info) is None or (purpose == "create" and _writer(info) is Writer.CREATION)
    }
    if also is not None:
        hints = get_type_hints(also, include_extras=True)
        fields |= {name: NotRequired[hint] for name, hint in hints.items()}
    typed_dict: Any = TypedDict
    made = typed_dict(f"{model.__name__}{purpose.capitalize()}", fields)
    made.__module__ = model.__module__
    made.__pydantic_config__ = WIRE
    return made


def _input(info: Any, purpose: Purpose) -> Any:
    annotated: Any = Annotated
    required = purpose == "create" and info.is_required()
    told = {"default": info.default} if purpose == "create" and _has_plain_default(info) else None
    words = Field(description=info.description, examples=info.examples, json_schema_extra=told)
    kind = annotated[(info.annotation, *info.metadata, words)]
    return kind if required else NotRequired[kind]


def _has_plain_default(info: Any) -> bool:
    return not info.is_required() and info.default_factory is None and info.default is not None


def _writer(info: Any) -> Writer | None:
    return next((fact for fact in info.metadata if isinstance(fact, Writer)), None)


@functools.cache
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
