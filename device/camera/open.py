"""Opens the source that a setting names."""

from __future__ import annotations

from device.camera.source import OnEvent, Source, ignore
from device.config.schema import Settings
from device.errors import CameraError, ConfigError

ALLOWED = "picamera2[:N], v4l2:/dev/videoN, file:CLIP, images:FOLDER, demo[:N], fake[:SCRIPT] or auto"


def open_source(spec: str, settings: Settings, on_event: OnEvent = ignore) -> Source:
    """Open the source that `spec` names, as the command line does; settings.camera and .source say how.

    Raises ConfigError for a spec that is none, CameraError when the source cannot be opened. Modules
    are imported here, so that a clip does not pay for the camera's libraries.
    """
    kind, _, rest = spec.partition(":")
    if kind == "auto" and not rest:
        return _first_that_works(settings, on_event)
    if kind == "picamera2" and (not rest or rest.isdecimal()):
        from device.camera.picamera import PiCamera

        return PiCamera(int(rest or 0), settings.camera, on_event)
    if kind == "v4l2" and rest:
        from device.camera.v4l2 import UsbCamera

        return UsbCamera(rest, settings.camera, on_event)
    if kind == "file" and rest:
        from device.camera.clip import Clip

        return Clip(rest, loop=settings.source.loop)
    if kind == "images" and rest:
        from device.camera.image_folder import Images

        return Images(rest, settings.camera.fps, settings.source.loop, on_event)
    if kind == "demo":
        from device.camera.demo.source import Demo

        return Demo(settings, rest)
    if kind == "fake":
        from device.camera.fake import FakeCamera

        return FakeCamera(rest, settings.camera)
    raise ConfigError(f"--source {spec!r} is not a source; allowed are {ALLOWED}.")


def _first_that_works(settings: Settings, on_event: OnEvent) -> Source:
    """The Pi's camera, else a USB camera, else the demo; says which, and why not the ones before."""
    from device.camera.v4l2 import usb_cameras

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
