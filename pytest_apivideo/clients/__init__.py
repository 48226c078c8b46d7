"""HTTP clients that log in to api.video and keep their token fresh: httpx, requests, the SDK."""
