"""What each part of the program will hold in memory, from the settings, before any of it is opened.

The figures of libraries and networks were measured on 64-bit machines as the growth of the resident
set, and rounded up (`python -m device doctor` prints them beside what this process really holds).
"""

from __future__ import annotations

from device.budget.memory import MIB, Part
from device.camera import capture
from device.config.schema import Settings
from device.inference.interpreter import PACKAGES, available
from device.outputs import open as outputs
from device.overlay import overlay

PYTHON = 15.0  # the interpreter of the language, and this program
NUMPY = 11.0
OPENCV = 13.0
INTERPRETERS = {"ai_edge_litert": 8.0, "tflite_runtime": 6.0}
DETECTORS = {"short": 4.0, "full": 8.0}
AGE_NETS = {"age": 2.0, "age-wide": 4.0}
SOURCES = {"picamera2": 40.0, "v4l2": 4.0, "file": 9.0, "images": 4.0, "demo": 11.0, "fake": 1.0}


def parts(settings: Settings) -> list[Part]:
    """Who wants how much."""
    size = settings.camera.width, settings.camera.height
    interpreter = settings.age.interpreter
    if interpreter == "auto":
        interpreter = next(iter(available()), PACKAGES[0])
    source = _source(settings.source.use)
    outputs_wanted = outputs.declared_bytes(settings, size)
    return [
        Part("Python and this program", PYTHON),
        Part("NumPy", NUMPY),
        Part("OpenCV", OPENCV),
        Part(interpreter, INTERPRETERS[interpreter]),
        Part(f"detector {settings.detector.range}", DETECTORS[settings.detector.range]),
        Part(f"age network {settings.age.model}", AGE_NETS[settings.age.model]),
        Part(f"source {source}", SOURCES.get(source, 0.0)),
        Part("frames", capture.declared_bytes(settings) / MIB),
        Part("overlay", overlay.declared_bytes(size) / MIB),
        *(Part(f"output {name}", held / MIB) for name, held in outputs_wanted.items()),
    ]


def _source(spec: str) -> str:
    """The kind of source, for `auto` the one that is to be expected here."""
    kind = spec.partition(":")[0]
    if kind != "auto":
        return kind
    from device.camera.picamera import installed
    from device.camera.v4l2 import usb_cameras

    if installed():
        return "picamera2"
    return "v4l2" if usb_cameras() else "demo"
