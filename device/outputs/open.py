"""Opens what `--output` asks for: a window, a page, files, or nothing; several at once.

Each kind is a module of its own, imported only when it is asked for. A further kind is a module with
`open_output` and `declared`, as the others have them, and a line in `MODULES`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, NamedTuple

from device.audience.telemetry import Telemetry
from device.config.schema import Settings
from device.errors import ConfigError
from device.outputs.isolated import Isolated
from device.outputs.output import Output

MODULES = {
    "window": "device.outputs.window",
    "drm": "device.outputs.drm.output",
    "fb": "device.outputs.fb",
    "web": "device.outputs.web.output",
    "file": "device.outputs.file",
}
FORMS = "window, drm, drm:SOCKET, fb, fb:DEVICE, web, web:HOST:PORT, file:OUT.mp4, file:FOLDER/, none, auto"

Report = Callable[[str], None]  # hears a sentence for the operator
End = Callable[[], None]  # ends the program, called when somebody closes the window
Health = Callable[[], dict[str, Any]]  # what the page's /health answers


class NoScreen(Exception):
    """There can be no window here; the message says why, and what would mend it."""


class Request(NamedTuple):
    """What an output is opened with: `spec` as on the command line, `rest` of it behind the kind.

    `size` is the pictures' (width, height).
    """

    spec: str
    rest: str
    size: tuple[int, int]
    fps: float
    settings: Settings
    report: Report
    end: End
    health: Health | None
    telemetry: Telemetry | None = None


def open_outputs(
    settings: Settings,
    size: tuple[int, int],
    fps: float,
    report: Report,
    end: End,
    health: Health | None = None,
    telemetry: Telemetry | None = None,
) -> list[Isolated]:
    """Open what `settings.output.use` asks for, for pictures of `size` (width, height).

    `health()` is what the page tells of the whole program; without it the newest frame's age decides.
    `telemetry` is what its interfaces for other programs tell; without it there are none.
    An output that fails later says so through `report` and is closed, or opened again if it is a screen.
    Raises ConfigError, with nothing left open, for an output that is none or cannot be had.
    """
    outputs: list[Isolated] = []
    try:
        for spec in _each_once(settings.output.use):
            output = _open(Request(spec, "", size, fps, settings, report, end, health, telemetry))
            if output is not None:
                outputs.append(Isolated(output, report))
    except BaseException:
        for one in outputs:
            one.close()
        raise
    return outputs


def declared_bytes(settings: Settings, size: tuple[int, int]) -> dict[str, int]:
    """What each output asked for will hold, in bytes, by its name; nothing is opened."""
    sums = {}
    for spec in _each_once(settings.output.use):
        kind, _, rest = ("window" if spec == "auto" else spec).partition(":")
        sums[spec] = (
            int(import_module(MODULES[kind]).declared(rest, size, settings)) if kind in MODULES else 0
        )
    return sums


def _each_once(specs: Sequence[str]) -> list[str]:
    """Without repetitions and `none`, and without `auto` where a screen or a page is asked for anyway."""
    shown = any(spec.partition(":")[0] in ("window", "drm", "fb", "web") for spec in specs)
    return [spec for spec in dict.fromkeys(specs) if spec != "none" and not (spec == "auto" and shown)]


def _open(request: Request) -> Output | None:
    """One output; None for a window that cannot be had where there is a page anyway."""
    kind, _, rest = ("window" if request.spec == "auto" else request.spec).partition(":")
    if kind not in MODULES or (kind == "file" and not rest) or (kind == "window" and rest):
        raise ConfigError(f"--output {request.spec}: there is no such output; allowed are {FORMS}.")
    try:
        output: Output = import_module(MODULES[kind]).open_output(request._replace(rest=rest))
        return output
    except NoScreen as reason:
        if request.spec == "window":
            request.report(f"No window: {reason}. The picture is on the web page instead.")
    if any(other.partition(":")[0] == "web" for other in request.settings.output.use):
        return None
    page: Output = import_module(MODULES["web"]).open_output(request)
    return page
