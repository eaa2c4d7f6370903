"""What the web server answers: the page and its parts, the live picture, the list of people, health."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from device.outputs.web.feed import Feed

HERE = Path(__file__).parent / "static"
FILES = {
    "/": ("page.html", "text/html; charset=utf-8"),
    "/page.css": ("page.css", "text/css; charset=utf-8"),
    "/page.js": ("page.js", "text/javascript; charset=utf-8"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
}
STREAMS = ("/picture.mjpg", "/people")
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
PATIENCE_S = 2.0  # without news for so long, something is sent to see whether the viewer is still there
LONGEST_FORM = 1024  # bytes


class Handler(BaseHTTPRequestHandler):
    """One connection, one request: nobody holds one of the few connections without watching something."""

    protocol_version = "HTTP/1.0"
    server_version, sys_version = "kiosk", ""
    timeout = 5.0  # seconds for each read and each send
    disable_nagle_algorithm = True
    error_message_format = "%(code)d %(message)s. %(explain)s\n"
    error_content_type = "text/plain; charset=utf-8"

    def do_GET(self) -> None:
        """Answer with the page, one of its parts, or something live."""
        path = urlsplit(self.path).path
        if not self._may(path):
            return
        if path in FILES:
            name, kind = FILES[path]
            self._answer(200, kind, (HERE / name).read_bytes())
        elif path == "/health":
            health = self.server.feed.health()
            self._answer(200 if health["ok"] else 503, "application/json", json.dumps(health).encode("ascii"))
        elif path == "/login":
            self._ask_for_token(200)
        elif path in ONCE:
            self._newest(*ONCE[path])
        elif path in STREAMS:
            self._stream(path)
        else:
            self.send_error(404, explain="There is / /picture.jpg /picture.mjpg /people /people.json /health")

    do_HEAD = do_GET

    def do_POST(self) -> None:
        """The form with the token."""
        path = urlsplit(self.path).path
        if path != "/login":
            self._not_allowed()
            return
        if not self._may(path):
            return
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > LONGEST_FORM:
            self.send_error(413, explain=f"The form may have {LONGEST_FORM} bytes.")
            return
        form = parse_qs(self.rfile.read(int(length)).decode("utf-8", "replace"))
        if self.server.access.opens(form.get("token", [""])[0]):
            self._answer(
                303,
                "text/plain; charset=utf-8",
                b"",
                {"Location": "/", "Set-Cookie": self.server.access.cookie()},
            )
        else:
            self._ask_for_token(401, "That is not it.")

    def _not_allowed(self) -> None:
        allowed = "GET, HEAD, POST" if urlsplit(self.path).path == "/login" else "GET, HEAD"
        self._answer(
            405,
            "text/plain; charset=utf-8",
            b"405 Only GET and HEAD are answered here.\n",
            {"Allow": allowed},
        )

    do_PUT = do_DELETE = do_PATCH = do_OPTIONS = do_TRACE = do_CONNECT = _not_allowed

    def _may(self, path: str) -> bool:
        """Whether to go on with the request; if not, it has been answered."""
        access, headers = self.server.access, self.headers
        if not access.knows(headers.get("Host", "")):
            remedy = "This machine is not known by that name; add it to web.allowed_hosts."
            self.send_error(403, explain=remedy)
            return False
        if path in OPEN or access.admits(headers.get("Cookie", ""), headers.get("Authorization", "")):
            return True
        if path == "/":
            self._ask_for_token(401)
        else:
            self._answer(
                401,
                "text/plain; charset=utf-8",
                b"401 The token is needed.\n",
                {"WWW-Authenticate": "Bearer"},
            )
        return False

    def _ask_for_token(self, status: int, hint: str = "") -> None:
        page = (HERE / "login.html").read_text(encoding="utf-8").replace("{hint}", hint)
        self._answer(status, "text/html; charset=utf-8", page.encode())

    def _newest(self, what: str, kind: str) -> None:
        """One picture, or one list of people, made for this request."""
        feed = self.server.feed
        with feed.watching(what):
            news = feed.after(what, feed.newest(what), PATIENCE_S)
        if news:
            self._answer(200, kind, news[1])
        else:
            self.send_error(503, explain="No frame came in time; is the camera there?")

    def _stream(self, path: str) -> None:
        """Pictures or lists of people until the viewer leaves."""
        pictures = path == "/picture.mjpg"
        with self.server.streaming(self.connection) as room:
            if not room:
                self.send_error(503, explain="As many watch as web.viewers allows. Try again in a while.")
                return
            self._begin(200, "multipart/x-mixed-replace; boundary=frame" if pictures else "text/event-stream")
            if self.command != "HEAD":
                (self._send_pictures if pictures else self._send_people)(self.server.feed)

    def _send_pictures(self, feed: Feed) -> None:
        """Each picture with the mark of the next at once: browsers show one only when they see its end."""
        number, picture = feed.newest("picture"), b""
        self.wfile.write(b"--frame\r\n")
        with feed.watching("picture"):
            while not feed.closed:
                number, picture = feed.after("picture", number, PATIENCE_S) or (number, picture)
                if len(picture):
                    head = f"Content-Type: image/jpeg\r\nContent-Length: {len(picture)}\r\n\r\n"
                    self.wfile.write(head.encode("ascii"))
                    self.wfile.write(picture)
                    self.wfile.write(b"\r\n--frame\r\n")

    def _send_people(self, feed: Feed) -> None:
        """Each list as an event of the stream; a comment where there is no news for a while."""
        number = feed.newest("people")
        with feed.watching("people"):
            while not feed.closed:
                news = feed.after("people", number, PATIENCE_S)
                self.wfile.write(b"data: " + news[1] + b"\n\n" if news else b": still here\n\n")
                number = news[0] if news else number

    def _answer(self, status: int, kind: str, body: bytes, headers: dict | None = None) -> None:
        self._begin(status, kind, {"Content-Length": str(len(body)), **(headers or {})})
        if self.command != "HEAD":
            self.wfile.write(body)

    def _begin(self, status: int, kind: str, headers: dict | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()

    def end_headers(self) -> None:
        """Every answer, errors too, forbids what the page does not need."""
        for name, value in HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, format: str, *args) -> None:
        """Nothing is logged: who looks at the page is nobody's business."""
