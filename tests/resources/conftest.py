"""What the tests of the resources share."""

from __future__ import annotations

from collections.abc import Iterator

import apivideo as sdk
import pytest
from apivideo.auth_api_client import AuthenticatedApiClient

from pytest_apivideo import ApiVideo


@pytest.fixture
def official(apivideo: ApiVideo) -> Iterator[sdk.ApiClient]:
    """Provide the official SDK's client, connected to the fake."""
    client = AuthenticatedApiClient(apivideo.api_key, production=False)
    client.configuration.host = apivideo.url
    client.connect()
    yield client
    client.close()
    client.rest_client.pool_manager.clear()
