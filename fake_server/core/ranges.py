"""The header `Range`, by which a client requests part of a large file."""

from __future__ import annotations

from werkzeug.wrappers import Request

from fake_server.core import problems


def requested_range(request: Request, size: int) -> tuple[int, int] | None:
    """Return the start and stop of the requested bytes, or None for the whole file.

    A request for several ranges gets the whole file. Raises the problem of a range beyond the file.
    """
    header = request.range
    if header is None or header.units != "bytes" or len(header.ranges) != 1:
        return None
    if "If-Range" in request.headers:
        return None
    first, stop = header.ranges[0]
    start = max(size + first, 0) if first < 0 else first
    stop = size if stop is None else min(stop, size)
    if start >= stop:
        raise problems.range_not_satisfiable(size)
    return start, stop
