"""What every request must be: to this machine's own name, from this page, and small."""

from __future__ import annotations

import asyncio
import ipaddress
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_PATIENCE = 10.0  # seconds for a body to come
_HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",  # the next version of the page may be served at the same address
}


class Guard:
    """ASGI middleware: refuses what other sites send through a browser, and adds the headers that tie the page down.

    A site that lets its name point to this machine (DNS rebinding) is known by that name: only `host`, localhost and
    numbers pass. One that posts here from its own page is known by its Origin: only this page may post.
    """

    def __init__(self, app: ASGIApp, host: str) -> None:
        self.app, self.names = app, {"localhost", host.lower()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        headers = Headers(scope=scope)
        host, origin = headers.get("host", ""), headers.get("origin")
        if not self._is_ours(host):
            advice = "open its number instead, or start pynn demo with --host and that name"
            return await failed(421, f"this server is not {host[:200]!r}: {advice}")(scope, receive, sending)
        if origin not in ((f"http://{host}",) if scope["method"] == "POST" else (f"http://{host}", None)):
            return await failed(403, "only the page of this server may ask that")(scope, receive, sending)
        return await self.app(scope, receive, sending)

    def _is_ours(self, host: str) -> bool:
        try:
            name = urlsplit(f"//{host}").hostname or ""
            return name in self.names or bool(ipaddress.ip_address(name))
        except ValueError:
            return False


async def body(request: Request, kind: str, most: int) -> bytes:
    """The body of a request, of the media type `kind`. HTTPException: of another, too long, too slow, or cut off."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != kind:
        raise HTTPException(415, f"the body must be {kind}")
    content = bytearray()
    try:
        async with asyncio.timeout(_PATIENCE):
            async for chunk in request.stream():
                content += chunk
                if len(content) > most:
                    raise HTTPException(413, f"the body is longer than {most} bytes")
    except TimeoutError:
        raise HTTPException(408, f"the body did not come within {_PATIENCE:.0f} seconds") from None
    except ClientDisconnect:
        raise HTTPException(400, "the body was cut off") from None
    return bytes(content)


def failed(status: int, error: str) -> JSONResponse:
    # the connection is closed: what still comes of a body is not read
    return JSONResponse({"error": error}, status, {"connection": "close"})
