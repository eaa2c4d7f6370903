"""Where the finished picture goes: a window, a file, a web page, or nowhere; several at once.

`open_outputs` is what the program calls. Each kind is a module of its own and is
imported only when it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Protocol

import numpy as np

from device.errors import ConfigError
from device.outputs.guarded import Guarded
from device.person import Person

KINDS = "window, web, web:HOST:PORT, file:OUT.mp4, file:FOLDER/, none, auto"

Say = Callable[[str], None]  # hears a sentence for the operator
End = Callable[[], None]  # ends the program, called when somebody closes the window


class Output(Protocol):
    """What every output can do. All calls come from one thread, once a frame."""

    name: str  # as on the command line
    optional: bool  # the program may close it when memory runs short

    def wanted(self) -> bool:
        """Whether somebody is there to see the next picture; nothing is drawn for nobody."""

    def show(self, image: np.ndarray, persons: list[Person], t: float) -> None:
        """Take the finished picture, (height, width, 3) uint8 BGR; it is overwritten after the call.

        `t` is the frame's time in seconds. Called only after `wanted()` said so.
        """

    def close(self) -> None:
        """Finish what was begun and free everything, within a second."""


def open_outputs(
    settings: SimpleNamespace, size: tuple[int, int], fps: float, say: Say, end: End
) -> list[Output]:
    """Open what `settings.output.use` asks for, for pictures of `size` (width, height).

    An output that fails later says so through `say` and is closed; it raises nothing.
    Raises ConfigError, with nothing left open, for an output that is none or cannot be had.
    """
    outputs: list[Output] = []
    try:
        for spec in _resolved(settings.output.use, say):
            outputs.append(Guarded(_open(spec, size, fps, settings, say, end), say))
    except BaseException:
        for output in outputs:
            output.close()
        raise
    return outputs


def declared_bytes(settings: SimpleNamespace, size: tuple[int, int]) -> dict[str, int]:
    """What each output asked for will hold, in bytes, by its name; nothing is opened."""
    return {spec: _declared(spec, size, settings) for spec in _resolved(settings.output.use, lambda _: None)}


def _resolved(specs: list[str], say: Say) -> list[str]:
    """The outputs asked for, each once, with a web page in the place of a window that nobody could see."""
    specs = [spec for spec in specs if spec != "none"]
    if any(spec in ("auto", "window") for spec in specs):
        from device.outputs.window import why_no_window

        reason = why_no_window()
        if reason and reason.mends and "window" in specs:
            raise ConfigError(f"--output window: {reason.text}; {reason.mends}, or take --output web.")
        if reason and "window" in specs:
            say(f"No window: {reason.text}. The picture is on the web page instead.")
        page = next((spec for spec in specs if spec.split(":")[0] == "web"), "web")
        specs = [(page if reason else "window") if spec in ("auto", "window") else spec for spec in specs]
    return list(dict.fromkeys(specs))


def _open(
    spec: str, size: tuple[int, int], fps: float, settings: SimpleNamespace, say: Say, end: End
) -> Output:
    kind, _, rest = spec.partition(":")
    if spec == "window":
        from device.outputs.window import Window

        return Window(size, settings.window, end)
    if kind == "web":
        from device.outputs.web import Web

        return Web(rest, size, settings, say)
    if kind == "file" and rest:
        return _open_file(rest, size, fps)
    raise ConfigError(f"--output {spec}: there is no such output; allowed are {KINDS}.")


def _open_file(path: str, size: tuple[int, int], fps: float) -> Output:
    if path.lower().endswith(".mp4"):
        from device.outputs.video import Video

        return Video(path, size, fps)
    from device.outputs.folder import Folder

    return Folder(path)


def _declared(spec: str, size: tuple[int, int], settings: SimpleNamespace) -> int:
    kind, _, rest = spec.partition(":")
    if spec == "window":
        from device.outputs.window import declared
    elif kind == "web":
        from device.outputs.web import declared

        return declared(size, settings.web)
    elif rest.lower().endswith(".mp4"):
        from device.outputs.video import declared
    else:
        from device.outputs.folder import declared
    return declared(size)
