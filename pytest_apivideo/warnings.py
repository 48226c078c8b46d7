"""The categories of the plugin's warnings, so that a suite can filter them by what they are about."""


class ApiVideoWarning(UserWarning):
    """Something in a test will hardly do what it seems to do; the message says what to do instead."""


class FrozenTimeWarning(ApiVideoWarning):
    """Time is frozen in a way that breaks what the test runs."""


class ApiVideoSdkWarning(ApiVideoWarning):
    """The official SDK is used in a way, or is of a version, that the plugin cannot keep in step."""
