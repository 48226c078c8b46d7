"""Host any WSGI application for tests: HTTP and TLS on one port, pytest-httpserver rules first."""

from fake_server.hosting.connection import Disconnect
from fake_server.hosting.disguise import Disguise
from fake_server.hosting.host import Host

__all__ = ["Disconnect", "Disguise", "Host"]
