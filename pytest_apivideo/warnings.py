"""The categories of the plugin's warnings, so that a suite can filter them."""


class ApiVideoWarning(UserWarning):
    """Something in a test does not do what it seems to do."""


class FrozenTimeWarning(ApiVideoWarning):
    """Time is frozen in a way that breaks the code under test."""


class ApiVideoSdkWarning(ApiVideoWarning):
    """The plugin cannot synchronize this version, or this use, of the official SDK."""


class BlockedHostWarning(ApiVideoWarning):
    """A connection to a host of api.video was blocked during a test."""
