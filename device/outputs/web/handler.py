"""What the web server answers: the page and its parts, the live picture, the list of people, health."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from device.files import own_file
from device.outputs.web.access import Access, bearer_token, is_loopback
from device.outputs.web.attempts import Attempts, client_of
from device.outputs.web.live import Live, Stream
from device.outputs.web.protocol import BODY_BYTES

log = logging.getLogger(__name__)

Health = Callable[[], dict[str, Any]]

HERE = Path(__file__).parent / "static"
FILES = {
    "/": ("page.html", "text/html; charset=utf-8"),
    "/device": ("device.html", "text/html; charset=utf-8"),
    "/device.js": ("device.js", "text/javascript; charset=utf-8"),
    "/page.css": ("page.css", "text/css; charset=utf-8"),
    "/page.js": ("page.js", "text/javascript; charset=utf-8"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
}
STREAMS = {
    "/picture.mjpg": ("pictures", "multipart/x-mixed-replace; boundary=frame"),
    "/people": ("people", "text/event-stream"),
}
ONCE = {"/picture.jpg": ("picture", "image/jpeg"), "/people.json": ("people", "application/json")}
OPEN = ("/health", "/page.css", "/icon.svg", "/login")  # for those without the token, too

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
LONGEST_FORM = 1024  # bytes
API = "/api/"


class Pages:
    """The answers. Nothing is logged of those who look at the page: that is nobody's business."""

    def __init__(self, live: Live, access: Access, health: Health, routes: Sequence[Route] = ()) -> None:
        """`routes` are those of the interfaces for other programs."""
        self.refused = 0  # requests answered by a 4xx or 5xx
        self._live, self._access, self._health = live, access, health
        self._attempts = Attempts()
        with own_file(HERE, "the page's files are"):
            self._files = {path: ((HERE / name).read_bytes(), kind) for path, (name, kind) in FILES.items()}
            self._login = (HERE / "login.html").read_text(encoding="utf-8")
        self._application = Starlette(
            routes=[
                *(Route(path, self._file) for path in FILES),
                *(Route(path, self._newest) for path in ONCE),
                *(Route(path, self._stream) for path in STREAMS),
                Route("/health", self._tell_health),
                Route("/login", self._sign_in, methods=["GET", "POST"]),
                *routes,
            ],
            exception_handlers={HTTPException: _refusal},
        )
        self._application.router.redirect_slashes = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application: refuse, or pass on to the page that was asked for."""

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.refused += message["status"] >= 400
                MutableHeaders(scope=message).update(HEADERS)  # also of errors
            await send(message)

        try:
            answer = self._refused(scope) or self._application
            await answer(scope, receive, guarded)
        except ClientDisconnect:
            pass
        except Exception as error:
            log.error("The page failed to answer %s: %s: %s", scope["path"][:80], type(error).__name__, error)

    def _refused(self, scope: Scope) -> Response | None:
        """The answer to a request that may not be answered; None for one that may."""
        headers, path = Headers(scope=scope), scope["path"]
        if not path.startswith("/"):
            return _text(400, "Ask for a path, such as /.")
        longest = BODY_BYTES if path.startswith(API) else LONGEST_FORM
        if "transfer-encoding" in headers or int(headers.get("content-length", "0")) > longest:
            return _text(413, f"A request may have {longest} bytes of content.", {"Connection": "close"})
        if not self._access.is_allowed_host(headers.get("host", "")):
            return _text(403, "This machine is not known by that name; add it to web.allowed_hosts.")
        if path in OPEN or self._is_authenticated(headers):
            return None
        token = bearer_token(headers.get("authorization", ""))
        if token is not None:
            wait_s = self._try(token, scope)
            if wait_s is None:
                return None
            if wait_s:
                return _text(429, "Too many wrong tokens.", _retry_after(wait_s))
        if path == "/":
            return self._ask_for_token(401)
        return _text(401, "The token is needed.", {"WWW-Authenticate": "Bearer"})

    def _is_authenticated(self, headers: Headers) -> bool:
        return not self._access.needs_token or self._access.has_session(headers.get("cookie", ""))

    def _shows_token(self, request: Request) -> bool:
        token = bearer_token(request.headers.get("authorization", ""))
        return self._access.has_session(request.headers.get("cookie", "")) or (
            token is not None and self._try(token, request.scope) is None
        )

    def _try(self, token: str, scope: Scope) -> float | None:
        """None if `token` is right, 0.0 if it is wrong; else the seconds until it may be tried."""
        host, now = _host(scope), time.monotonic()
        client = client_of(host)
        wait_s = self._attempts.wait_s(client, now)
        if wait_s:
            return wait_s
        if self._access.is_valid_token(token):
            self._attempts.succeeded(client)
            return None
        self._attempts.failed(client, now)
        log.warning("The page was asked for with a wrong token from %s.", host[:45] or "an unknown address")
        if self._attempts.wait_s(client, now):
            log.warning("Too many wrong tokens: the page takes none from there until a minute has passed.")
        return 0.0

    async def _file(self, request: Request) -> Response:
        content, kind = self._files[request.scope["path"]]
        return Response(content, headers={"Content-Type": kind})

    async def _newest(self, request: Request) -> Response:
        """One picture, or one list of people, made for this request."""
        what, kind = ONCE[request.scope["path"]]
        data = await self._live.next(what)
        if data is None:
            return _text(503, "No frame came in time; is the camera there?")
        return Response(data, media_type=kind)

    async def _stream(self, request: Request) -> Response:
        return Stream(self._live, *STREAMS[request.scope["path"]])

    async def _tell_health(self, request: Request) -> Response:
        """All of it for this machine and for those with the token; for others only the status."""
        health = self._health()
        status = 503 if health["status"] == "down" else 200
        if not is_loopback(_host(request.scope)) and not self._shows_token(request):
            health = {"status": health["status"]}
        return JSONResponse(health, status)

    async def _sign_in(self, request: Request) -> Response:
        """The form with the token, and what it sends."""
        if request.method != "POST":
            return self._ask_for_token(200)
        form = parse_qs((await request.body()).decode("utf-8", "replace"))
        wait_s = self._try(form.get("token", [""])[0], request.scope)
        if wait_s is None:
            secure = request.scope["scheme"] == "https"
            cookie = self._access.cookie(secure)
            return _text(303, "", {"Location": "/", "Set-Cookie": cookie})
        if wait_s:
            hint = f"Too many wrong tokens. Try again in {math.ceil(wait_s)} seconds."
            return self._ask_for_token(429, hint, _retry_after(wait_s))
        return self._ask_for_token(401, "That is not it.")

    def _ask_for_token(self, status: int, hint: str = "", headers: dict[str, str] | None = None) -> Response:
        return HTMLResponse(self._login.replace("{hint}", hint), status, headers)


async def _refusal(request: Request, error: Exception) -> Response:
    """An unknown path or method, or too many viewers."""
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return _text(404, "There is / /device /picture.jpg /picture.mjpg /people /people.json /health")
    if error.status_code != 405:
        return _text(error.status_code, error.detail)
    allowed = (error.headers or {}).get("Allow", "")
    names = ", ".join(sorted(allowed.split(", ")))
    return _text(error.status_code, f"Only {names} are answered here.", {"Allow": names})


def _text(status: int, explanation: str, headers: dict[str, str] | None = None) -> Response:
    return PlainTextResponse(f"{status} {HTTPStatus(status).phrase}. {explanation}\n", status, headers)


def _retry_after(seconds: float) -> dict[str, str]:
    return {"Retry-After": str(math.ceil(seconds))}


def _host(scope: Scope) -> str:
    """The client's address; behind a proxy on this machine, the one that the proxy names."""
    return str(scope["client"][0]) if scope["client"] else ""
