"""`--output web[:HOST:PORT]`: a page with the live picture and the list of people in view."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import numpy as np

from device.config.schema import Settings
from device.errors import ConfigError
from device.outputs.open import Request
from device.outputs.web.access import Access, is_loopback
from device.outputs.web.feed import Feed
from device.outputs.web.server import Server
from device.person import Person

DEFAULT = ("127.0.0.1", 8080)
TOKEN_LETTERS = 16  # the shortest password that cannot be tried out over the network
JOIN_S = 0.5
POLL_S = 0.25  # how often the server looks whether to end, and whom to hang up on


class Web:
    """Serves the page from threads of its own; pictures are made only while somebody looks at them."""

    optional = True

    def __init__(
        self, address: str, size: tuple[int, int], settings: Settings, say: Callable[[str], None]
    ) -> None:
        """`address` is "", PORT or HOST:PORT. Raises ConfigError when it cannot be had or is not safe."""
        self.name = f"web:{address}" if address else "web"
        host, port = parsed(address)
        _check_token(self.name, host, settings.web.token)
        self._feed = Feed(size, settings)
        access = Access(settings.web.token, settings.web.allowed_hosts)
        try:
            self._server = Server((host, port), self._feed, access, settings.web.viewers)
        except OSError as error:
            self._feed.close()
            message = f"--output {self.name}: {host} port {port} cannot be had ({error.strerror or error}); "
            raise ConfigError(message + f"choose another, such as --output web:{host}:{port + 1}.") from None
        serve = self._server.serve_forever
        self._thread = threading.Thread(target=serve, args=(POLL_S,), name="web", daemon=True)
        self._thread.start()
        say(f"The picture is at {self.url}" + (" (it asks for web.token)" if settings.web.token else ""))

    @property
    def url(self) -> str:
        """The page's address, for a browser."""
        host, port = self._server.server_address[:2]
        if host in ("0.0.0.0", "::"):
            import socket

            host = f"{socket.gethostname()}.local"
        return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"

    def wanted(self) -> bool:
        """Whether a viewer waits for a picture, or a program for the list of people."""
        return self._feed.wanted(time.monotonic())

    def show(self, image: np.ndarray, persons: list[Person], t: float) -> None:
        """Keep a copy for the viewers; the JPEG is made on another thread."""
        self._feed.offer(image, persons, t)

    def close(self) -> None:
        """Hang up on all viewers and free the port."""
        self._feed.close()
        self._server.stop()
        self._thread.join(JOIN_S)


def open_output(request: Request) -> Web:
    """The page. Raises ConfigError."""
    return Web(request.rest, request.size, request.settings, request.report)


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
    if token and len(token) < TOKEN_LETTERS:
        raise ConfigError(f"web.token has {len(token)} letters; {TOKEN_LETTERS} or more are needed.")
    if not token and not is_loopback(host):
        raise ConfigError(
            f"--output {name}: other machines could see the picture; set web.token to "
            f"a password of {TOKEN_LETTERS} letters or more, or take web:127.0.0.1:8080."
        )


def held_bytes(size: tuple[int, int], settings: Settings) -> int:
    """Bytes held: the server's modules and threads, the copy of the picture, two JPEGs and their coder."""
    width = min(size[0], settings.width)
    pixels = width * round(size[1] * width / size[0])
    return 8 * 2**20 + settings.viewers * 2**19 + pixels * 3 + 2 * pixels
