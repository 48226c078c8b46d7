"""Models: each fact about a resource's field is declared once, on a pydantic model.

An annotation says who may write the field (`ReadOnly[str]`); arguments of `field(...)` give its
limits, and its use in lists. Schemas of request bodies, their validation and our OpenAPI document
are derived from that.
"""

from __future__ import annotations

import enum
import functools
from collections.abc import Mapping
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
    """The writer of a field that a client cannot write at any time."""

    SERVER = "read-only"
    CREATION = "write-once"


ReadOnly = Annotated[T, Writer.SERVER]
"""A field that only the server writes; a client's value is ignored."""
WriteOnce = Annotated[T, Writer.CREATION]
"""A field that the client sets at creation and cannot change."""
Hidden = Annotated[T, Writer.SERVER, Field(exclude=True)]
"""A field that no response contains; lists may filter by it."""
Unset = Annotated[T | None, Field(exclude_if=lambda value: value is None)]
"""A field that responses leave out while it is None, as api.video does."""


def _in_utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


Timestamp = Annotated[
    datetime,
    Writer.SERVER,
    AfterValidator(_in_utc),
    PlainSerializer(
        lambda moment: moment.isoformat(timespec="seconds"), return_type=str, when_used="json"
    ),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""A time in UTC, in ATOM format on the wire: `2030-01-01T12:00:00+00:00`."""


@dataclass(frozen=True)
class Listed:
    """How a list may use a field: filter by it, sort by it."""

    filter: Filter | None
    sort: bool


def field(
    default: Any = ...,
    *,
    doc: str,
    min_length: int | None = None,
    max_length: int | None = None,
    filter: Filter | None = None,
    sort: bool = False,
    factory: Any = None,
    example: Any = None,
) -> Any:
    """Declare a field: its default (or a factory), description, limits, and use in lists.

    `example` is the value of a required field when a test adds a resource without it.
    """
    make: Any = Field  # its overloads allow no None
    info = make(
        default,
        default_factory=factory,
        description=doc,
        examples=None if example is None else [example],
        min_length=min_length,
        max_length=max_length,
    )
    info.metadata.append(Listed(filter, sort))
    return info


def _not_blank(text: str) -> str:
    if not text.strip():
        raise PydanticCustomError("blank", "This value should not be blank.")
    return text


NotBlank = Annotated[str, AfterValidator(_not_blank)]


def existing(kind: type[Resource]) -> AfterValidator:
    """Return a validator of ids that a client sends: the resource must exist.

    A test may set any id.
    """

    def check(identifier: str, info: ValidationInfo) -> str:
        if info.context is not None and identifier not in info.context.store.table(kind):
            raise PydanticCustomError("unknown", "This value is not the id of a resource.")
        return identifier

    return AfterValidator(check)


WIRE = ConfigDict(alias_generator=to_camel, allow_inf_nan=False)
"""Configuration for a body's TypedDict (`@with_config`): attributes are camelCase on the wire."""


class Viewer(Protocol):
    """The call that a resource is serialized for."""

    asset_base: str
    store: Any

    def asset_url(self, host: str, path: str) -> str:
        """Return the URL of an asset, on api.video `https://<host>.api.video<path>`."""

    def ticket(self, subject: str) -> str:
        """Return a token (a UUID) that grants access to the subject and needs no record."""


class Schema(BaseModel):
    """Part of a resource, or a body of its own; immutable, and camelCase on the wire."""

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
        """Return the JSON for a response."""
        return self.model_dump_json().encode()


class Resource(Schema):
    """One kind of resource of the API; a change makes a new instance.

    `prefix` begins the ids (`vi` + 21 or 22 characters); the first field of the class is the id.
    `collection` is its name on the test's handle: `apivideo.videos`. `owner` is the kind of
    resource that it belongs to and is deleted with; it has a field named like the owner's id.
    `secret` names the field that no report may show.
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
        cls.id_field = next(iter(cls.model_fields), "")  # an abstract base has no fields

    @classmethod
    def new(cls, identifier: str, now: datetime, values: Mapping[str, Any]) -> Self:
        """Create a resource with the values that the client or the test chose."""
        moments = {name: now for name in _CREATION_TIMES if name in cls.model_fields}
        return cls(**{cls.id_field: identifier, **moments, **values})

    @property
    def id(self) -> str:
        """The resource's id, from the field that holds it."""
        return str(getattr(self, self.id_field))

    def owner_id(self) -> str | None:
        """Return the id of the resource that owns this one, or None."""
        return None if self.owner is None else str(getattr(self, self.owner.id_field))

    @classmethod
    def path_parameter(cls) -> str:
        """Return the id's name in paths and problems: `videoId`."""
        return to_camel(cls.id_field)

    def changed(self, now: datetime, values: Mapping[str, Any]) -> Self:
        """Return a copy with these (validated) values, updated now."""
        moment = {"updated_at": now} if "updated_at" in type(self).model_fields else {}
        copy = self.model_copy(update={**moment, **values})
        copy.__dict__.pop(_WIRE_CACHE, None)
        return copy

    def for_response(self, call: Viewer) -> Self:
        """Return the resource with the fields that depend on the call filled in."""
        return self

    def deadlines(self) -> Mapping[str, datetime | None]:
        """Return the times of the resource's due events, by event name.

        The names are always the same; the time of an event that will not happen is None.
        """
        return {}

    def is_cacheable(self) -> bool:
        """Return whether all responses show this version of the resource alike."""
        return True

    def wire(self, call: Viewer) -> bytes:
        """Return the JSON for a response, cached per version of the resource and asset address."""
        cached: tuple[str | None, bytes] = self.__dict__.get(_WIRE_CACHE, (None, b""))
        base, wire = cached
        if base != call.asset_base:
            wire = self.for_response(call).model_dump_json().encode()
            if self.is_cacheable():
                self.__dict__[_WIRE_CACHE] = (call.asset_base, wire)
        return wire


# Kept in the instance's dict, like a functools.cached_property: pydantic copies such entries and
# otherwise ignores them, and a private attribute costs more.
_WIRE_CACHE = "wire, and the address of the assets in it"

_CREATION_TIMES = ("created_at", "updated_at", "published_at", "emitted_at")


@functools.cache
def schema_of(model: type[Resource], purpose: Purpose, also: Any = None) -> Any:
    """Return the TypedDict of what a client may send to create or to patch a resource.

    Read-only fields are absent, so they are ignored. With `patch` nothing is required, which makes
    the body a JSON merge patch: an absent key keeps, null clears where the type allows it. `also`
    is a TypedDict of optional attributes that only the request has.
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
    schema = typed_dict(f"{model.__name__}{purpose.capitalize()}", fields)
    schema.__module__ = model.__module__
    schema.__pydantic_config__ = WIRE
    return schema


def _input(info: Any, purpose: Purpose) -> Any:
    annotated: Any = Annotated
    required = purpose == "create" and info.is_required()
    has_default = not info.is_required() and info.default_factory is None
    shows_default = purpose == "create" and has_default and info.default is not None
    extra = {"default": info.default} if shows_default else None
    facts = Field(description=info.description, examples=info.examples, json_schema_extra=extra)
    kind = annotated[(info.annotation, *info.metadata, facts)]
    return kind if required else NotRequired[kind]


def _writer(info: Any) -> Writer | None:
    return next((fact for fact in info.metadata if isinstance(fact, Writer)), None)


@functools.cache
def listed(model: type[Resource]) -> Mapping[str, Listed]:
    """Return the fields that lists may filter or sort by, under their names on the wire."""
    return {
        to_camel(name): fact
        for name, info in model.model_fields.items()
        for fact in info.metadata
        if isinstance(fact, Listed)
    }


@functools.cache
def adapter(schema: Any) -> TypeAdapter[Any]:
    """Return the validator of a schema, built when first needed."""
    return TypeAdapter(schema)
