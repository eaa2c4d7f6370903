"""Opens the source that a setting names."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

from device.camera.orientation import turned, turned_camera
from device.camera.search import AnyCamera, CameraSearch
from device.camera.source import Camera, OnEvent, Source, ignore
from device.config.schema import Settings
from device.errors import CameraError, ConfigError

ALLOWED = "picamera2[:N], v4l2:/dev/videoN, camera, file:CLIP, images:FOLDER, demo[:N], fake[:SCRIPT] or auto"


def open_source(spec: str, settings: Settings, on_event: OnEvent = ignore) -> Source:
    """Open the source that `spec` names, as the command line does; settings.camera and .source say how.

    Raises ConfigError for a spec that is none, CameraError when the source cannot be opened.
    """
    kind, _, rest = spec.partition(":")
    form, open_it = SOURCES.get(kind, ("", None))
    if open_it is None or not re.fullmatch(form, rest, re.DOTALL):
        raise ConfigError(f"--source {spec!r} is not a source; allowed are {ALLOWED}.")
    return open_it(rest, settings, on_event)


def open_camera(spec: str, settings: Settings, on_event: OnEvent = ignore) -> Camera:
    """Open one camera, which can be opened again: "picamera2:N" or "v4l2:/dev/videoN"; CameraError."""
    kind, _, rest = spec.partition(":")
    return {"picamera2": _picamera2, "v4l2": _v4l2}[kind](rest, settings, on_event)


def camera_search(settings: Settings, on_event: OnEvent = ignore) -> CameraSearch:
    """The search among this machine's cameras."""
    from device.camera.v4l2 import usb_cameras

    return CameraSearch(partial(open_camera, settings=settings, on_event=on_event), usb_cameras)


# Modules are imported where they are needed, so that a clip does not pay for the camera's libraries.


def _picamera2(rest: str, settings: Settings, on_event: OnEvent) -> Camera:
    from device.camera.picamera import PiCamera

    return PiCamera(int(rest or 0), settings.camera, on_event)


def _v4l2(rest: str, settings: Settings, on_event: OnEvent) -> Camera:
    from device.camera.v4l2 import UsbCamera

    return turned_camera(UsbCamera(rest, settings.camera, on_event), settings.camera)


def _clip(rest: str, settings: Settings, on_event: OnEvent) -> Source:
    from device.camera.clip import Clip, most_pixels

    return turned(Clip(rest, settings.source.loop, most_pixels(settings), on_event), settings.camera)


def _image_folder(rest: str, settings: Settings, on_event: OnEvent) -> Source:
    from device.camera.image_folder import ImageFolder

    paced = settings.source.pace == "real"
    folder = ImageFolder(rest, settings.camera.fps, settings.source.loop, on_event, paced)
    return turned(folder, settings.camera)


def _demo(rest: str, settings: Settings, on_event: OnEvent) -> Source:
    from device.camera.demo.source import Demo

    return Demo(settings, rest)


def _fake(rest: str, settings: Settings, on_event: OnEvent) -> Source:
    from device.camera.fake import FakeCamera

    return turned_camera(FakeCamera(rest, settings.camera), settings.camera)


def _auto(rest: str, settings: Settings, on_event: OnEvent) -> Source:
    """The first camera that works, else the demo; says which, and why no better one."""
    search = camera_search(settings, on_event)
    try:
        camera = search()
    except CameraError as error:
        on_event("demo", f"Source demo, drawn people, as no camera works; it goes on looking. {error}")
        return _demo("", settings, on_event)
    on_event("chosen", f"source {camera.name}")
    return AnyCamera(search, settings.camera, camera)


def _camera(rest: str, settings: Settings, on_event: OnEvent) -> Source:
    """The first camera that works, waited for; never the demo."""
    search = camera_search(settings, on_event)
    try:
        camera = search()
    except CameraError as error:
        return AnyCamera(search, settings.camera, None, str(error))
    on_event("chosen", f"source {camera.name}")
    return AnyCamera(search, settings.camera, camera)


SOURCES: dict[str, tuple[str, Callable[[str, Settings, OnEvent], Source]]] = {
    "picamera2": ("[0-9]*", _picamera2),
    "v4l2": (".+", _v4l2),
    "camera": ("", _camera),
    "file": (".+", _clip),
    "images": (".+", _image_folder),
    "demo": (".*", _demo),
    "fake": (".*", _fake),
    "auto": ("", _auto),
}
"""What stands before the colon, the form of what stands behind it, and how it is opened."""
