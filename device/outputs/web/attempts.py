"""Guessing the token is slowed down: so many wrong ones a minute from a client, so many from all together."""

from __future__ import annotations

from collections import deque

from device.outputs.web.access import packed

WINDOW_S = 60.0
PER_CLIENT = 5
IN_TOTAL = 30
KNOWN = 64  # clients that showed the right token, whom the guesses of others do not keep out

Client = bytes


class Attempts:
    """Remembers the wrong tokens of the last minute. Bounded: what is over the limit is not even compared."""

    def __init__(self) -> None:
        self._wrong: deque[tuple[float, Client]] = deque(maxlen=IN_TOTAL + KNOWN * PER_CLIENT)
        self._known: deque[Client] = deque(maxlen=KNOWN)

    def wait_s(self, client: Client, now: float) -> float:
        """Seconds until `client` may show a token (0.0: at once); `now` in monotonic seconds."""
        while self._wrong and now >= self._wrong[0][0] + WINDOW_S:
            self._wrong.popleft()
        times = [time for time, guesser in self._wrong if guesser == client]
        limit = PER_CLIENT
        if client not in self._known and len(times) < PER_CLIENT:
            times, limit = [time for time, _ in self._wrong], IN_TOTAL
        return times[-limit] + WINDOW_S - now if len(times) >= limit else 0.0

    def failed(self, client: Client, now: float) -> None:
        """Note a wrong token."""
        self._wrong.append((now, client))

    def succeeded(self, client: Client) -> None:
        """Note the right token."""
        if client not in self._known:
            self._known.append(client)


def client_of(host: str) -> Client:
    """Whom to count `host` as: an IPv4 address, or an IPv6 network, for one home has 2^64 addresses."""
    address = packed(host.removeprefix("::ffff:"))
    return address if len(address) == 4 else address[:8]
