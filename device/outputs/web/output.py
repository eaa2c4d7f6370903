"""`--output web[:HOST:PORT]`: a page with the live picture and the list of people in view."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from device.audience.telemetry import Telemetry
from device.budget.lean_imports import without_ssl, without_uvicorn_command
from device.config.schema import Settings, WebSettings
from device.errors import ConfigError, DeviceError
from device.frame import Image
from device.outputs.open import Request
from device.outputs.web.access import Access, is_loopback
from device.outputs.web.feed import Feed
from device.outputs.web.token import REMEDY, weakness
from device.person import Person

if TYPE_CHECKING:
    from ssl import SSLContext

DEFAULT = ("127.0.0.1", 8080)


class Web:
    """Serves the page from threads of its own; pictures are made only while somebody looks at them."""

    optional = True

    def __init__(
        self,
        address: str,
        size: tuple[int, int],
        settings: Settings,
        say: Callable[[str], None],
        health: Callable[[], dict[str, Any]] | None = None,
        telemetry: Telemetry | None = None,
    ) -> None:
        """`address` is "", PORT or HOST:PORT. Raises ConfigError when it cannot be had or is not safe.

        `health` gives what `/health` answers: {"status": "ok", "degraded" or "down", and more}; it is called
        on the server's thread and must not wait. Without it, the age of the newest frame decides.
        `telemetry` is what the interfaces for other programs tell, where settings ask for them.
        """
        self.name = f"web:{address}" if address else "web"
        host, port = parsed(address)
        _check_token(self.name, host, settings.web.token)
        tls = _tls(settings.web)
        health = health or (lambda: self._feed.health())
        with nullcontext() if tls else without_ssl("asyncio"), without_uvicorn_command():
            from device.outputs.web.interfaces import routes
            from device.outputs.web.server import Server

            more = routes(
                settings, telemetry, health, lambda: self._feed.closed, lambda: self._server.refused
            )
        self._scheme = "https" if tls else "http"
        self._feed = Feed(size, settings, telemetry.guide if telemetry else None)
        access = Access(settings.web.token, settings.web.allowed_hosts)
        try:
            self._server = Server((host, port), self._feed, access, settings.web.viewers, health, tls, more)
        except DeviceError:  # of the page's own files: the address is not to blame
            self._feed.close()
            raise
        except (OSError, RuntimeError) as error:
            self._feed.close()
            reason = getattr(error, "strerror", None) or error
            message = f"--output {self.name}: {host} port {port} cannot be had ({reason}); "
            raise ConfigError(message + f"choose another, such as --output web:{host}:{port + 1}.") from None
        say(f"The picture is at {self.url}" + (" (it asks for web.token)" if settings.web.token else ""))

    @property
    def url(self) -> str:
        """The page's address, for a browser."""
        host, port = self._server.address
        if host in ("0.0.0.0", "::"):
            host = f"{socket.gethostname()}.local"
        return f"{self._scheme}://[{host}]:{port}/" if ":" in host else f"{self._scheme}://{host}:{port}/"

    def wanted(self) -> bool:
        """Whether a viewer waits for a picture, or a program for the list of people.

        Raises OSError when the server has ended: a page that nobody can reach must not pass for one.
        """
        if self._server.error:
            raise OSError(f"the page's server has ended ({self._server.error})")
        return self._feed.wanted(time.monotonic())

    def show(self, image: Image, persons: list[Person], t: float) -> None:
        """Keep a copy for the viewers; the JPEG is made on another thread."""
        self._feed.offer(image, persons, t)

    def close(self) -> None:
        """Hang up on all viewers and free the port."""
        self._feed.close()
        self._server.stop()


def open_output(request: Request) -> Web:
    """The page. Raises ConfigError."""
    asked = request
    return Web(asked.rest, asked.size, asked.settings, asked.report, asked.health, asked.telemetry)


def declared(rest: str, size: tuple[int, int], settings: Settings) -> int:
    """Bytes held for pictures of `size` (width, height)."""
    return held_bytes(size, settings.web)


def parsed(address: str) -> tuple[str, int]:
    """(host, port) of "", "PORT", "HOST:PORT" or "[HOST]:PORT". Raises ConfigError."""
    host, _, port = address.rpartition(":")
    host, port = host.strip("[]") or DEFAULT[0], port or str(DEFAULT[1])
    if not port.isdecimal() or not 1 <= int(port) <= 65535:
        raise ConfigError(
            f"--output web:{address}: is no address; allowed are web, web:PORT and "
            "web:HOST:PORT, such as web:127.0.0.1:8080."
        )
    return host, int(port)


def _check_token(name: str, host: str, token: str) -> None:
    fault = weakness(token) if token else ""
    if fault:
        raise ConfigError(f"web.token {fault}; {REMEDY}.")
    if not token and not is_loopback(host):
        raise ConfigError(
            f"--output {name}: other machines could see the picture; set web.token to "
            f"a password ({REMEDY}), or take web:127.0.0.1:8080."
        )


def _tls(settings: WebSettings) -> SSLContext | None:
    if not settings.certificate and not settings.key:
        return None
    if not settings.certificate or not settings.key:
        raise ConfigError("web.certificate and web.key belong together; set both, or none.")
    from device.outputs.web.tls import server_context

    return server_context(settings.certificate, settings.key)


def held_bytes(size: tuple[int, int], settings: WebSettings) -> int:
    """Bytes held: the server's modules and threads, the copy of the picture, two JPEGs and their coder."""
    width = min(size[0], settings.width)
    pixels = width * round(size[1] * width / size[0])
    return 10 * 2**20 + settings.viewers * 2**19 + pixels * 3 + 2 * pixels
