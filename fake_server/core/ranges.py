"""The header `Range`: which bytes of a large file a client wants."""

from __future__ import annotations

from werkzeug.wrappers import Request

from fake_server.core import problems


def wanted_span(request: Request, size: int) -> tuple[int, int] | None:
    """Start and stop of the one range of bytes that is asked for; several get the whole file.

    Raises the problem of a range that is beyond the file.
    """
    wanted = request.range
    is_one = wanted is not None and wanted.units == "bytes" and len(wanted.ranges) == 1
    if wanted is None or not is_one or "If-Range" in request.headers:
        return None
    first, stop = wanted.ranges[0]
    start = max(size + first, 0) if first < 0 else first
    stop = size if stop is None else min(stop, size)
    if start >= stop:
        raise problems.range_not_satisfiable(size)
    return start, stop
