"""Player themes: the colours, the controls and the logo of the player that shows videos."""

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
    field,
    known,
)
from fake_server.core.operations import DELETE, GET, PATCH, POST, Action
from fake_server.core.verbs import change, create, delete, find, read, update
from fake_server.project import Context

_WHITE = "rgba(255, 255, 255, 1)"
_SHADE = "rgba(0, 0, 0, .7)"


class PlayerAssets(Schema):
    """The logo in the player, and where a click on it leads; `logo` is null without one."""

    logo: str | None = None
    link: Unset[str] = None


class PlayerTheme(Resource, prefix="pl", collection="players"):
    """How a player looks and what it lets a viewer do; colours are any texts."""

    player_id: ReadOnly[str]
    created_at: Timestamp = field(sort=True, doc="When the theme was made.")
    updated_at: Timestamp = field(sort=True, doc="When the theme was last changed.")
    name: Unset[str] = field(None, most=100, sort=True, doc="What the theme is called.")
    text: str = field(_WHITE, doc="Colour of the timer.")
    link: str = field(_WHITE, doc="Colour of the controls.")
    link_hover: str = field(_WHITE, doc="Colour of a control under the pointer.")
    link_active: str = field(_WHITE, doc="Colour of the play button under the pointer.")
    track_played: str = field("rgba(88, 131, 255, .95)", doc="Colour of what was played.")
    track_unplayed: str = field("rgba(255, 255, 255, .35)", doc="Colour of what is loaded.")
    track_background: str = field("rgba(255, 255, 255, .2)", doc="Colour behind the track.")
    background_top: str = field(_SHADE, doc="Colour of the upper half of the background.")
    background_bottom: str = field(_SHADE, doc="Colour of the lower half of the background.")
    background_text: str = field(_WHITE, doc="Colour of the title.")
    enable_api: bool = field(True, doc="Whether a page may steer the player.")
    enable_controls: bool = field(True, doc="Whether there are controls.")
    force_autoplay: bool = field(False, doc="Whether videos start by themselves.")
    hide_title: bool = field(False, doc="Whether the title is hidden.")
    force_loop: bool = field(False, doc="Whether videos start again at their end.")
    logo: Hidden[File | None] = field(None, doc="The image of the logo.")
    logo_link: Hidden[str | None] = field(None, doc="Where a click on the logo leads.")
    assets: ReadOnly[PlayerAssets] = field(make=PlayerAssets, doc="The logo.")

    def shown(self, call: Viewer) -> Self:
        """The theme with the address of its logo."""
        path = f"/player/{self.player_id}/logo.png"
        logo = call.asset_url("cdn", path) if self.logo else None
        assets = PlayerAssets(logo=logo, link=self.logo_link)
        return self.model_copy(update={"assets": assets})


PlayerId = Annotated[str, known(PlayerTheme)]
"""The id of a player theme that exists."""


def upload_logo(call: Context) -> PlayerTheme:
    """Give a player theme a logo, and the `link` that a click on it follows, in place of both."""
    find(call, PlayerTheme)  # an unknown theme is a 404, whatever was sent
    image, fields = received_form(call)
    return change(call, PlayerTheme, {"logo": image, "logo_link": fields.get("link") or None})


def delete_logo(call: Context) -> None:
    """Take the logo and its link from a player theme; without a logo nothing happens."""
    change(call, PlayerTheme, {"logo": None, "logo_link": None})


def show_logo(call: Context) -> File:
    """The image of a player theme's logo; its address ends in `.png` even if it is a JPEG."""
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

OPERATIONS = (
    GET("/players", list_all(PlayerTheme)),
    POST("/players", create(PlayerTheme), status=201),
    GET("/players/{playerId}", read(PlayerTheme)),
    PATCH("/players/{playerId}", update(PlayerTheme)),
    DELETE("/players/{playerId}", delete(PlayerTheme)),
    POST("/players/{playerId}/logo", _UPLOAD, status=201, file_rule=_LOGO),
    DELETE("/players/{playerId}/logo", delete_logo),
    GET("/player/{playerId}/logo.png", Action(show_logo, answers=File), credential="public"),
)
