"""Player themes: the colours, controls and logo of the player."""

from __future__ import annotations

from typing import Annotated, Self

from fake_server.core import problems
from fake_server.core.files import File, FileRule, KiB
from fake_server.core.forms import received_form
from fake_server.core.listing import list_all
from fake_server.core.model import (
    Hidden,
    ReadOnly,
    Resource,
    Schema,
    Timestamp,
    Unset,
    Viewer,
    existing,
    field,
)
from fake_server.core.operations import DELETE, GET, PATCH, POST, Action
from fake_server.core.verbs import change, create, delete, find, read, update
from fake_server.origins import Source
from fake_server.project import Context

_WHITE = "rgba(255, 255, 255, 1)"
_SHADE = "rgba(0, 0, 0, .7)"


class PlayerAssets(Schema):
    """The URLs of the logo and of its link; `logo` is null without one."""

    logo: str | None = None
    link: Unset[str] = None


class PlayerTheme(Resource, prefix="pl", collection="players"):
    """The look of a player and the controls it offers; colours are not checked."""

    player_id: ReadOnly[str]
    created_at: Timestamp = field(sort=True, doc="When the theme was created.")
    updated_at: Timestamp = field(sort=True, doc="When the theme was last changed.")
    name: Unset[str] = field(None, max_length=100, sort=True, doc="The name of the theme.")
    text: str = field(_WHITE, doc="Colour of the timer.")
    link: str = field(_WHITE, doc="Colour of the controls.")
    link_hover: str = field(_WHITE, doc="Colour of a control under the pointer.")
    link_active: str = field(_WHITE, doc="Colour of the play button under the pointer.")
    track_played: str = field("rgba(88, 131, 255, .95)", doc="Colour of the played part.")
    track_unplayed: str = field("rgba(255, 255, 255, .35)", doc="Colour of the loaded part.")
    track_background: str = field("rgba(255, 255, 255, .2)", doc="Colour behind the track.")
    background_top: str = field(_SHADE, doc="Colour of the upper half of the background.")
    background_bottom: str = field(_SHADE, doc="Colour of the lower half of the background.")
    background_text: str = field(_WHITE, doc="Colour of the title.")
    enable_api: bool = field(True, doc="Whether a page may control the player.")
    enable_controls: bool = field(True, doc="Whether the player has controls.")
    force_autoplay: bool = field(False, doc="Whether videos start automatically.")
    hide_title: bool = field(False, doc="Whether the title is hidden.")
    force_loop: bool = field(False, doc="Whether videos restart at their end.")
    logo: Hidden[File | None] = field(None, doc="The image of the logo.")
    logo_link: Hidden[str | None] = field(None, doc="The link of the logo.")
    assets: ReadOnly[PlayerAssets] = field(factory=PlayerAssets, doc="The logo.")

    def for_response(self, call: Viewer) -> Self:
        """Return the theme with the URL of its logo."""
        path = f"/player/{self.player_id}/logo.png"
        logo = call.asset_url("cdn", path) if self.logo else None
        assets = PlayerAssets(logo=logo, link=self.logo_link)
        return self.model_copy(update={"assets": assets})


PlayerId = Annotated[str, existing(PlayerTheme)]
"""The id of an existing player theme."""


def upload_logo(call: Context) -> PlayerTheme:
    """Upload the logo of a player theme with its `link`, in place of both."""
    find(call, PlayerTheme)  # an unexisting theme is a 404, whatever was sent
    image, fields = received_form(call)
    return change(call, PlayerTheme, {"logo": image, "logo_link": fields.get("link") or None})


def delete_logo(call: Context) -> None:
    """Delete the logo and its link from a player theme; without a logo nothing happens."""
    change(call, PlayerTheme, {"logo": None, "logo_link": None})


def show_logo(call: Context) -> File:
    """Return the image of a player theme's logo; its URL ends in `.png` even if it is a JPEG."""
    image = find(call, PlayerTheme).logo
    if image is None:
        raise problems.resource_not_found(PlayerTheme.path_parameter())
    return image


_UPLOAD = Action(upload_logo, answers=PlayerTheme)
_LOGO = FileRule(
    max_bytes=100 * KiB,
    types=("jpg", "jpeg", "png"),
    type_names=("'jpg'", "'JPG'", "'jpeg'", "'JPEG'", "'png'", "'PNG'"),
    pixels=(200, 100),
    fields=("link",),
)
_FIELD = Source("inferred", "the field `assets.logo` must lead to the uploaded image")

OPERATIONS = (
    GET("/players", list_all(PlayerTheme)),
    POST("/players", create(PlayerTheme), status=201),
    GET("/players/{playerId}", read(PlayerTheme)),
    PATCH("/players/{playerId}", update(PlayerTheme)),
    DELETE("/players/{playerId}", delete(PlayerTheme)),
    POST("/players/{playerId}/logo", _UPLOAD, status=201, file_rule=_LOGO),
    DELETE("/players/{playerId}/logo", delete_logo),
    GET(
        "/player/{playerId}/logo.png",
        Action(show_logo, answers=File),
        credential="public",
        source=_FIELD,
    ),
)
