"""What the tests of the plugin share."""

import pytest


@pytest.fixture
def suite(pytester: pytest.Pytester) -> pytest.Pytester:
    """An empty suite of a user, in which warnings are errors as in ours."""
    pytester.makeini(
        """
        [pytest]
        addopts = -W error -p no:randomly
        asyncio_default_fixture_loop_scope = function
        """
    )
    return pytester
