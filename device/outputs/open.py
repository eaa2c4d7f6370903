"""Where the finished picture goes: a window, a file, a web page, or nowhere; several at once.

`open_outputs` is what the program calls. Each kind is a module of its own and is
imported only when it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from device.config.schema import Settings
from device.errors import ConfigError
from device.outputs.isolated import Guarded
from device.outputs.output import Output

KINDS = "window, web, web:HOST:PORT, file:OUT.mp4, file:FOLDER/, none, auto"

Say = Callable[[str], None]  # hears a sentence for the operator
End = Callable[[], None]  # ends the program, called when somebody closes the window
Health = Callable[[], dict[str, Any]]  # what the page's /health answers


def open_outputs(
    settings: Settings,
    size: tuple[int, int],
    fps: float,
    say: Say,
    end: End,
    health: Health | None = None,
) -> list[Output]:
    """Open what `settings.output.use` asks for, for pictures of `size` (width, height).

    `health` gives what a page answers to /health; without it, the age of the newest frame decides.
    An output that fails later says so through `say` and is closed; it raises nothing.
    Raises ConfigError, with nothing left open, for an output that is none or cannot be had.
    """
    outputs: list[Output] = []
    try:
        for spec in _each_once(settings.output.use):
            output = _open(spec, size, fps, settings, say, end, health)
            if output is not None:
                outputs.append(Guarded(output, say))
    except BaseException:
        for output in outputs:
            output.close()
        raise
    return outputs


def declared_bytes(settings: Settings, size: tuple[int, int]) -> dict[str, int]:
    """What each output asked for will hold, in bytes, by its name; nothing is opened."""
    return {spec: _declared(spec, size, settings) for spec in _each_once(settings.output.use)}


def _each_once(specs: Sequence[str]) -> list[str]:
    """Without repetitions and `none`, and without `auto` where a window or a page is asked for anyway."""
    shown = any(spec.partition(":")[0] in ("window", "web") for spec in specs)
    return [spec for spec in dict.fromkeys(specs) if spec != "none" and not (spec == "auto" and shown)]


def _open(
    spec: str,
    size: tuple[int, int],
    fps: float,
    settings: Settings,
    say: Say,
    end: End,
    health: Health | None = None,
) -> Output | None:
    kind, _, rest = spec.partition(":")
    if spec in ("auto", "window"):
        return _open_window(spec, size, settings, say, end, health)
    if kind == "web":
        from device.outputs.web.output import Web

        return Web(rest, size, settings, say, health)
    if kind == "file" and rest:
        return _open_file(rest, size, fps)
    raise ConfigError(f"--output {spec}: there is no such output; allowed are {KINDS}.")


def _open_window(
    spec: str, size: tuple[int, int], settings: Settings, say: Say, end: End, health: Health | None
) -> Output | None:
    """A window, or where there is no screen the web page (None if that is asked for anyway)."""
    from device.outputs.window import NoScreen, Window

    try:
        return Window(size, settings.window, end)
    except NoScreen as reason:
        if spec == "window":
            say(f"No window: {reason}. The picture is on the web page instead.")
    if any(other.partition(":")[0] == "web" for other in settings.output.use):
        return None
    from device.outputs.web.output import Web

    return Web("", size, settings, say, health)


def _open_file(path: str, size: tuple[int, int], fps: float) -> Output:
    if path.lower().endswith(".mp4"):
        from device.outputs.video import Video

        return Video(path, size, fps)
    from device.outputs.png_folder import Folder

    return Folder(path)


def _declared(spec: str, size: tuple[int, int], settings: Settings) -> int:
    kind, _, rest = spec.partition(":")
    if spec in ("auto", "window"):
        from device.outputs.window import declared
    elif kind == "web":
        from device.outputs.web.output import declared

        return declared(size, settings.web)
    elif rest.lower().endswith(".mp4"):
        from device.outputs.video import declared
    else:
        from device.outputs.png_folder import declared
    return declared(size)
