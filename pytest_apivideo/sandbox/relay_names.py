"""The names by which workers and the relay understand each other."""

CONTROL = "/_relay/"
CONTROL_HEADER = "X-Relay-Key"
