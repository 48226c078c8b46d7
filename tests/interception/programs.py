"""Programs as their authors wrote them: each calls api.video at its own address, by one library.

Each text defines `status(url, key)`, which gives the status of a `GET`; what it does at its import
happens before any fixture.
"""

BASIC = """
import base64


def basic(key):
    return {"Authorization": "Basic " + base64.b64encode(f"{key}:".encode()).decode()}


def request(parts, key):
    lines = [f"GET {parts.path} HTTP/1.1", f"Host: {parts.hostname}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in basic(key).items()]
    return "\\r\\n".join([*lines, "", ""]).encode()
"""

PROGRAMS = {
    "requests": """
        import requests

        def status(url, key):
            return requests.get(url, auth=(key, "")).status_code
    """,
    "requests, a session made before, without the environment": """
        import requests

        session = requests.Session()
        session.trust_env = False

        def status(url, key):
            return session.get(url, auth=(key, "")).status_code
    """,
    "requests, with a bundle of its own": """
        import certifi, requests

        def status(url, key):
            return requests.get(url, auth=(key, ""), verify=certifi.where()).status_code
    """,
    "urllib3": """
        import urllib3

        pool = urllib3.PoolManager()

        def status(url, key):
            return pool.request("GET", url, headers=basic(key), retries=False).status
    """,
    "httpx": """
        import httpx

        def status(url, key):
            return httpx.get(url, auth=(key, "")).status_code
    """,
    "httpx, a client made before": """
        import httpx

        client = httpx.Client()

        def status(url, key):
            return client.get(url, auth=(key, "")).status_code
    """,
    "httpx, asyncio": """
        import asyncio, httpx

        async def get(url, key):
            async with httpx.AsyncClient() as client:
                return (await client.get(url, auth=(key, ""))).status_code

        def status(url, key):
            return asyncio.run(get(url, key))
    """,
    "httpx, trio": """
        import httpx, trio

        async def get(url, key):
            async with httpx.AsyncClient() as client:
                return (await client.get(url, auth=(key, ""))).status_code

        def status(url, key):
            return trio.run(get, url, key)
    """,
    "httpx, uvloop": """
        import httpx, uvloop

        async def get(url, key):
            async with httpx.AsyncClient() as client:
                return (await client.get(url, auth=(key, ""))).status_code

        def status(url, key):
            return uvloop.run(get(url, key))
    """,
    "aiohttp, aiodns": """
        import asyncio, aiohttp
        from aiohttp.resolver import AsyncResolver, DefaultResolver

        assert DefaultResolver is AsyncResolver

        async def get(url, key):
            async with aiohttp.ClientSession() as session:
                async with session.get(url, headers=basic(key)) as response:
                    return response.status

        def status(url, key):
            return asyncio.run(get(url, key))
    """,
    "aiohttp, resolver in a thread": """
        import asyncio, aiohttp

        async def get(url, key):
            connector = aiohttp.TCPConnector(resolver=aiohttp.ThreadedResolver())
            async with aiohttp.ClientSession(connector=connector) as session:
                async with session.get(url, headers=basic(key)) as response:
                    return response.status

        def status(url, key):
            return asyncio.run(get(url, key))
    """,
    "aiohttp, uvloop": """
        import aiohttp, uvloop

        async def get(url, key):
            connector = aiohttp.TCPConnector(resolver=aiohttp.ThreadedResolver())
            async with aiohttp.ClientSession(connector=connector) as session:
                async with session.get(url, headers=basic(key)) as response:
                    return response.status

        def status(url, key):
            return uvloop.run(get(url, key))
    """,
    "urllib": """
        import urllib.error, urllib.request

        def status(url, key):
            request = urllib.request.Request(url, headers=basic(key))
            try:
                with urllib.request.urlopen(request) as answer:
                    return answer.status
            except urllib.error.HTTPError as error:
                error.close()
                return error.code
    """,
    "http.client": """
        import http.client
        from contextlib import closing
        from urllib.parse import urlsplit

        def status(url, key):
            parts = urlsplit(url)
            with closing(http.client.HTTPSConnection(parts.hostname)) as connection:
                connection.request("GET", parts.path, headers=basic(key))
                return connection.getresponse().status
    """,
    "socket and ssl, wrapped before it is connected, by a name in capitals": """
        import socket, ssl
        from urllib.parse import urlsplit

        def status(url, key):
            parts = urlsplit(url)
            name = parts.hostname.upper() + "."
            head = request(parts, key)
            context = ssl.create_default_context()
            with context.wrap_socket(socket.socket(), server_hostname=parts.hostname) as sock:
                sock.connect((name, 443))
                sock.sendall(head)
                return int(sock.recv(12).split()[1])
    """,
    "asyncio streams": """
        import asyncio
        from urllib.parse import urlsplit

        async def get(url, key):
            parts = urlsplit(url)
            reader, writer = await asyncio.open_connection(parts.hostname, 443, ssl=True)
            head = request(parts, key)
            writer.write(head)
            answer = await reader.read()
            writer.close()
            await writer.wait_closed()
            return int(answer.split()[1])

        def status(url, key):
            return asyncio.run(get(url, key))
    """,
    "uvloop streams": """
        import uvloop
        from urllib.parse import urlsplit
        import asyncio

        async def get(url, key):
            parts = urlsplit(url)
            reader, writer = await asyncio.open_connection(parts.hostname, 443, ssl=True)
            head = request(parts, key)
            writer.write(head)
            answer = await reader.read()
            writer.close()
            return int(answer.split()[1])

        def status(url, key):
            return uvloop.run(get(url, key))
    """,
    "the official SDK": """
        import apivideo as sdk
        from apivideo.api.videos_api import VideosApi

        def status(url, key):
            if "collector" in url:
                import requests
                requests.get(url)
            try:
                client = sdk.AuthenticatedApiClient(key, production="//ws." in url)
                client.connect()
                VideosApi(client).list()
            except sdk.ApiException as refused:
                return refused.status
            else:
                client.close()
                return 200
            finally:
                client.rest_client.pool_manager.clear()
    """,
    "threads": """
        from concurrent.futures import ThreadPoolExecutor
        import requests

        def get(url, key):
            return requests.get(url, auth=(key, "")).status_code

        def status(url, key):
            with ThreadPoolExecutor(8) as threads:
                found = set(threads.map(get, [url] * 8, [key] * 8))
            (one,) = found
            return one
    """,
    "truststore": """
        import ssl, truststore, urllib.error, urllib.request

        context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

        def status(url, key):
            request = urllib.request.Request(url, headers=basic(key))
            try:
                with urllib.request.urlopen(request, context=context) as answer:
                    return answer.status
            except urllib.error.HTTPError as error:
                error.close()
                return error.code
    """,
    "truststore in the place of ssl's context": """
        import truststore
        truststore.inject_into_ssl()
        import requests

        def status(url, key):
            return requests.get(url, auth=(key, "")).status_code
    """,
    "urllib3 by pyOpenSSL": """
        import urllib3
        import urllib3.contrib.pyopenssl
        urllib3.contrib.pyopenssl.inject_into_urllib3()

        def status(url, key):
            with urllib3.PoolManager() as pool:
                return pool.request("GET", url, headers=basic(key), retries=False).status
    """,
}
