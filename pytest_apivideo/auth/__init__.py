"""HTTP clients that log in to api.video by themselves and keep their token fresh.

`for_httpx` and `for_requests` each need the library they are named after. Nothing else here imports
one, so either may be missing.
"""

from pytest_apivideo.auth.tokens import LoginRefused

__all__ = ["LoginRefused"]
