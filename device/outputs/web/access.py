"""Who may see the page: the name it is asked for by, the token, and the session that stands for it."""

from __future__ import annotations

import hmac
import re
import secrets
import socket
import time

COOKIE = "kiosk"
SESSION_S = 12 * 3600.0  # after so long the token is asked for again
HOST = re.compile(r"(?:\[([0-9a-f:.]+)\]|([^:\[\]/@]+))(?::[0-9]{1,5})?")


class Access:
    """Checks requests. Without a token everybody who reaches the port is let in."""

    def __init__(self, token: str, names: tuple[str, ...]) -> None:
        """`names` are the host names, beside this machine's own, that the page may be asked for by."""
        self._token = token.encode()
        own = socket.gethostname().lower()
        self._names = {"localhost", own, f"{own}.local", *(name.lower() for name in names)}
        # Cookies are made with a key of this process: no token can be tried on one, and they end with us.
        self._key = secrets.token_bytes(32)

    @property
    def needs_token(self) -> bool:
        """Whether a token was set."""
        return bool(self._token)

    def is_allowed_host(self, host: str) -> bool:
        """Whether the request's Host header names this machine.

        A hostile page can point a name of its own at this machine's address and then read ours
        as if it were its own (DNS rebinding). It cannot do so without its name standing here.
        """
        match = HOST.fullmatch(host.strip().lower())
        if match is None:
            return False
        address, name = match.groups()
        return is_address(address) if address else name in self._names or is_address(name)

    def is_valid_token(self, token: str) -> bool:
        """Whether this is the token, compared in constant time."""
        return self.needs_token and hmac.compare_digest(token.encode(), self._token)

    def has_session(self, cookie: str) -> bool:
        """Whether the request's Cookie header carries a session of ours that has not ended."""
        return any(self._is_session(pair.strip()) for pair in cookie.split(";"))

    def _is_session(self, pair: str) -> bool:
        end, _, _ = pair.removeprefix(f"{COOKIE}=").partition(".")
        if not hmac.compare_digest(pair.encode(), self._session(end).encode()):
            return False
        return time.monotonic() < int(end)

    def cookie(self, secure: bool) -> str:
        """The Set-Cookie value of a new session; `secure` when the page is served over TLS.

        The browser forgets it when it is closed, we after 12 hours or with the process.
        """
        session = self._session(str(int(time.monotonic() + SESSION_S)))
        return f"{session}; Path=/; HttpOnly; SameSite=Strict" + ("; Secure" if secure else "")

    def _session(self, end: str) -> str:
        """The cookie of a session that ends at `end`, in whole monotonic seconds."""
        return f"{COOKIE}={end}." + hmac.new(self._key, end.encode(), "sha256").hexdigest()


def bearer_token(authorization: str) -> str | None:
    """The token of an Authorization header; None when it shows none."""
    kind, _, shown = authorization.partition(" ")
    return shown.strip() if kind.lower() == "bearer" else None


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server listening on `host`, or can be the client `host`."""
    host = host.removeprefix("::ffff:")
    return host in ("localhost", "::1") or (host.startswith("127.") and is_address(host))


def is_address(host: str) -> bool:
    """Whether `host` is an IP address rather than a name."""
    return bool(packed(host))


def packed(host: str) -> bytes:
    """The 4 or 16 bytes of an IP address; empty for what is none."""
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            return socket.inet_pton(family, host)
        except (OSError, ValueError):
            continue
    return b""
