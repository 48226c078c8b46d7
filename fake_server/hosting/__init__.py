"""Host any WSGI application for tests: HTTP and TLS on one port, pytest-httpserver rules first."""

from fake_server.hosting.connection import Disconnect
from fake_server.hosting.host import Host, VirtualHosts

__all__ = ["Disconnect", "Host", "VirtualHosts"]
