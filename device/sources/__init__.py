"""Where frames come from: one protocol for cameras, clips, folders, the demo and the fake camera."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from device.errors import CameraError, ConfigError
from device.frame import Frame
from device.settings import Settings

OnEvent = Callable[[str, str], None]
"""Told what happened to the source: a word of `EVENTS`, and a sentence for the operator."""

EVENTS = {
    "chosen": "which source `auto` took, and why no better one",
    "changed": "the camera gives another size or rate than was asked",
    "skipped": "a picture of a folder cannot be read",
    "stalled": "no frame came in time",
    "gone": "the camera ended its stream or cannot be opened",
    "garbage": "what the camera sends is not a picture",
    "back": "frames come again",
}

ALLOWED = "picamera2[:N], v4l2:/dev/videoN, file:CLIP, images:FOLDER, demo[:N], fake[:SCRIPT] or auto"


class Source(Protocol):
    """Gives frames, one after the other, into buffers that the caller owns.

    `name` stands before every message about it, and in the summary. `size` and
    `small_size` are (width, height) in pixels; `fps` is frames a second. A source
    that is `live` has a clock of its own (a camera): what is not read in time is
    lost, and when it ends, it failed. One that is not tells media time.
    """

    name: str
    size: tuple[int, int]
    small_size: tuple[int, int] | None
    fps: float
    live: bool

    def read(self, frame: Frame, timeout: float) -> bool:
        """Fill the frame's `image`, `small` and `time` in place; False at the end.

        Raises CameraStalled when no frame came for `timeout` seconds, CameraGarbage for one that is
        no picture of the agreed size, CameraError when the source is gone.
        """

    def close(self) -> None:
        """Give the device or the file back; may be called twice."""


class Camera(Source, Protocol):
    """A live source, which can be opened again after it failed."""

    def reopen(self) -> None:
        """Close what is open and start anew, with the same size; CameraError when that fails."""


def ignore(kind: str, message: str) -> None:
    """The `on_event` of those who do not want to know."""


def open_source(spec: str, settings: Settings, on_event: OnEvent = ignore) -> Source:
    """Open the source that `spec` names, as the command line does; settings.camera and .source say how.

    Raises ConfigError for a spec that is none, CameraError when the source cannot be opened. Modules
    are imported here, so that a clip does not pay for the camera's libraries.
    """
    kind, _, rest = spec.partition(":")
    if kind == "auto" and not rest:
        return _first_that_works(settings, on_event)
    if kind == "picamera2" and (not rest or rest.isdecimal()):
        from device.sources.picamera import PiCamera

        return PiCamera(int(rest or 0), settings.camera, on_event)
    if kind == "v4l2" and rest:
        from device.sources.v4l2 import UsbCamera

        return UsbCamera(rest, settings.camera, on_event)
    if kind == "file" and rest:
        from device.sources.clip import Clip

        return Clip(rest, loop=settings.source.loop)
    if kind == "images" and rest:
        from device.sources.images import Images

        return Images(rest, settings.camera.fps, settings.source.loop, on_event)
    if kind == "demo":
        from device.sources.demo import Demo

        return Demo(settings, rest)
    if kind == "fake":
        from device.sources.fake import FakeCamera

        return FakeCamera(rest, settings.camera)
    raise ConfigError(f"--source {spec!r} is not a source; allowed are {ALLOWED}.")


def _first_that_works(settings: Settings, on_event: OnEvent) -> Source:
    """The Pi's camera, else a USB camera, else the demo; says which, and why not the ones before."""
    from device.sources.v4l2 import usb_cameras

    refused = []
    for spec in ("picamera2:0", *(f"v4l2:{node}" for node in usb_cameras())):
        try:
            source = open_source(spec, settings, on_event)
        except CameraError as error:
            refused.append(str(error))
            continue
        on_event("chosen", f"source {source.name}")
        return source
    why = " ".join(refused) if len(refused) > 1 else "No USB camera is plugged in. " + " ".join(refused)
    on_event("chosen", f"source demo, as no camera works. {why}")
    return open_source("demo", settings, on_event)
