"""`--output drm`: the picture on the whole of a screen, without a desktop; `drm:HDMI-A-2` names its socket.

A screen that is switched on later, unplugged or changed for one of another size is no failure: it is said
once, and the picture is on the next screen that is there.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from device.config.schema import Settings
from device.errors import ConfigError
from device.frame import Image
from device.outputs.drm.card import MOST_PIXELS, Screen, Taken, open_screen
from device.outputs.drm.sockets import SYSFS, Changes, Socket, connected, known
from device.outputs.fitting import Fitter
from device.outputs.open import Request
from device.outputs.output import Output
from device.outputs.own_thread import OwnThread
from device.person import Person

LOOK_EVERY = 1.0  # seconds between two looks at the sockets: a fraction of a millisecond each
MOST_FPS = 30.0  # enough for the eye
DEVICES = Path("/dev/dri")


def open_output(request: Request) -> Output:
    """The screen, on a thread of its own; it may come later. Raises ConfigError where it cannot be had."""
    screen = OwnThread(
        request.spec, False, lambda: Drm(request.rest, request.report), request.report, forever=True
    )
    try:
        screen.open()
    except Taken as error:
        raise ConfigError(
            f"--output {request.spec}: {error}; stop the desktop with "
            "`sudo systemctl isolate multi-user.target`, or use --output window on it."
        ) from None
    except PermissionError as error:
        raise ConfigError(
            f"--output {request.spec}: {error.filename} may not be opened by this user; "
            "`sudo usermod -aG video $USER` and log in again."
        ) from None
    except OSError as error:
        raise ConfigError(
            f"--output {request.spec}: {error.strerror or error}; try --output fb or --output web."
        ) from None
    return screen


class Drm:
    """The screen in the socket `name`, or in the first that has one; all calls from one thread.

    `report` hears when a screen comes and goes. `sysfs` and `devices` stand in for the system's in tests.
    """

    optional = False  # what people stand before is the last thing to go
    name = "drm"

    def __init__(
        self,
        name: str,
        report: Callable[[str], None],
        sysfs: Path = SYSFS,
        devices: Path = DEVICES,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Raises ConfigError for a socket that there is not, and what opening a screen raises."""
        self._name, self._report, self._clock = name, report, clock
        self._sysfs, self._devices = sysfs, devices
        self._socket: Socket | None = None
        self._screen: Screen | None = None
        self._said = ""
        self._due = self._look_at = 0.0
        self._fitter = Fitter()
        if name and name not in known(sysfs):
            there = ", ".join(known(sysfs)) or "none"
            raise ConfigError(f"--output drm:{name}: there is no such socket; there are: {there}.")
        self._changes = Changes()
        try:
            self._look()
        except OSError:
            self.close()
            raise

    def wanted(self) -> bool:
        """At most 30 times a second, while there is a screen. Raises OSError when it fails."""
        now = self._clock()
        changed = self._changes.any()
        if changed or now >= self._look_at:
            self._look(changed)
        return self._screen is not None and now >= self._due

    def show(self, image: Image, persons: list[Person], t: float) -> None:
        """Put the picture on the screen, as large as it fits. Raises OSError when the screen fails."""
        if self._screen is None:
            return
        now = self._clock()
        self._due = max(self._due + 1 / MOST_FPS, now - 1 / MOST_FPS)
        self._fitter.put(image, self._screen.back())
        self._screen.put()

    def close(self) -> None:
        """Give the screen back; the kernel shows its console again."""
        self._changes.close()
        self._let_go()

    def _look(self, changed: bool = False) -> None:
        """See which screen is there, and take it if it is another, or `changed` its size."""
        self._look_at = self._clock() + LOOK_EVERY
        found = next((one for one in connected(self._sysfs) if self._name in ("", one.name)), None)
        if found is None:
            self._let_go()
            where = f" in {self._name}" if self._name else ""
            self._say(f"no screen is connected{where}; the picture appears when one is.")
        elif self._screen is None or found != self._socket or (changed and self._screen.has_changed()):
            self._let_go()
            self._take(found)

    def _take(self, found: Socket) -> None:
        self._socket = found
        self._screen = open_screen(self._devices / found.card, found.name)
        if self._screen is not None:
            width, height = self._screen.size
            self._say(f"the picture is on {found.name}, {width}×{height}, {self._screen.bits} bits.")

    def _let_go(self) -> None:
        screen, self._screen = self._screen, None
        if screen is not None:
            screen.close()

    def _say(self, text: str) -> None:
        if text != self._said:
            self._said = text
            self._report(f"--output drm: {text}")


def declared(rest: str, size: tuple[int, int], settings: Settings) -> int:
    """Bytes held: a copy of the picture, one between, and the screen's two buffers."""
    return 3 * size[0] * size[1] + 3 * max(size[0] * size[1], MOST_PIXELS) + 2 * 4 * MOST_PIXELS
