"""The categories of the plugin's warnings, so that a suite can filter them by their subject."""


class ApiVideoWarning(UserWarning):
    """Something in a test hardly does what it seems to do; the message says what does."""


class FrozenTimeWarning(ApiVideoWarning):
    """Time is frozen in a way that breaks what the test runs."""


class ApiVideoSdkWarning(ApiVideoWarning):
    """The official SDK's version, or its use, is one that the plugin cannot keep in step."""


class BlockedHostWarning(ApiVideoWarning):
    """What a test runs tried to reach a host of api.video, and was stopped."""
