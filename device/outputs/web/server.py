"""The web server: uvicorn, on a thread and with an event loop of its own."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from starlette.routing import Route
from uvicorn.server import Server as Uvicorn

from device.outputs.web.access import Access
from device.outputs.web.connections import BACKLOG, Listener
from device.outputs.web.feed import Feed
from device.outputs.web.handler import Health, Pages
from device.outputs.web.live import Live
from device.outputs.web.protocol import HEAD_BYTES, PIECE, PageConfig, Protocol

if TYPE_CHECKING:
    from ssl import SSLContext

log = logging.getLogger(__name__)

STREAMS = 2  # of a page: the picture, and the list of people
EVENT_STREAMS = 8  # of other programs, as `event_stream.CLIENTS`
JOIN_S = 0.9
SWEEP_S = 0.25  # how often we look whom to hang up on


class Server:
    """Serves `feed` to at most `viewers` pages at once, to those whom `access` lets in."""

    def __init__(
        self,
        address: tuple[str, int],
        feed: Feed,
        access: Access,
        viewers: int,
        health: Health,
        tls: SSLContext | None = None,
        routes: Sequence[Route] = (),
    ) -> None:
        """`routes` are answered beside the page.

        Raises OSError when the address cannot be had, RuntimeError when no thread can be started.
        """
        self._listener = Listener(address, viewers * STREAMS + (EVENT_STREAMS if routes else 0))
        self._live = Live(feed, viewers * STREAMS)
        self._pages = Pages(self._live, access, health, routes)
        self._uvicorn = Uvicorn(self._config(self._pages, tls))
        self.address: tuple[str, int] = self._listener.getsockname()[:2]
        self.error: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="web", daemon=True)
        try:
            self._thread.start()
        except BaseException:
            self._listener.close()
            raise

    @property
    def refused(self) -> int:
        """Connections and requests that were refused, since the start."""
        return self._listener.refused + self._pages.refused

    def _config(self, pages: Pages, tls: SSLContext | None) -> PageConfig:
        options: dict[str, Any] = {"ssl_context_factory": lambda config, default: tls} if tls else {}
        config = PageConfig(
            pages,
            http=Protocol,
            ws="none",
            loop="asyncio",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            log_level="critical",  # what clients do wrong is nothing to report; what we do, `Pages` reports
            access_log=False,
            server_header=False,
            forwarded_allow_ips="127.0.0.1,::1",  # a proxy on this machine says who asks
            backlog=BACKLOG,
            limit_concurrency=self._listener.limit + 4 * BACKLOG,  # ours comes first, and is not so blunt
            h11_max_incomplete_event_size=HEAD_BYTES - PIECE,
            timeout_keep_alive=5,
            timeout_graceful_shutdown=0,
            **options,
        )
        config.listener = self._listener
        return config

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except Exception as error:
            self.error = error

    async def _serve(self) -> None:
        self._live.attach()
        asyncio.get_running_loop().set_exception_handler(_report)
        sweep = asyncio.create_task(self._sweep())
        try:
            await self._uvicorn.serve([self._listener])
        finally:
            sweep.cancel()
            for connection in self._listener.connections():
                connection.drop()

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_S)
            self._listener.drop_late()

    def stop(self) -> None:
        """Free the port and hang up on everybody."""
        self._uvicorn.should_exit = True
        self._thread.join(JOIN_S)
        self._listener.close()


def _report(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """One line for what went wrong beside any request, such as no descriptors left."""
    log.warning("The page's server: %s (%s)", context.get("message"), context.get("exception"))
