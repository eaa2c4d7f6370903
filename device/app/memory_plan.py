"""What each part of the program will hold in memory, from the settings, before any of it is opened.

The figures of libraries and networks are the growth of the anonymous memory (RssAnon of /proc/self/status)
when that part is opened and used, on x86-64 with Python 3.11 and NumPy 1.26, rounded up by a tenth or more.
Pages of files do not count (`device/budget/memory.py`). `python -m device doctor` prints the plan.
"""

from __future__ import annotations

from device.budget.memory import MIB, Part
from device.camera import capture
from device.config.schema import Settings
from device.inference.interpreter import PACKAGES, available
from device.outputs import open as outputs
from device.overlay import composition, overlay

PYTHON = 12.0  # the language, 8.4, and the modules of this program, 2.3
NUMPY = 6.0  # 5.0
OPENCV = 5.0  # 4.1
INTERPRETERS = {"ai_edge_litert": 1.0, "tflite_runtime": 1.0}  # 0.5, 0.1; the rest of them is code
DETECTORS = {"short": 5.0, "short-int8": 6.5, "full": 16.0}  # 4.1 to 4.7, 5.9, 10.2 to 14.7 by interpreter
REFINER = 0.5
AGE_NETS = {"age": 1.0, "age-wide": 1.5}  # 0.9, 1.1
# demo 5.4, clips of up to 640 × 480 1.1 to 5.2, fake 1.2; of pictures, the largest decoded. Not measured,
# for want of the hardware: picamera2 and v4l2, whose figures are estimates.
SOURCES = {"picamera2": 40.0, "v4l2": 4.0, "file": 9.0, "images": 4.0, "demo": 8.0, "fake": 1.5}
# With their libraries and threads, beside the page: 0.1, 1.4, 0.9; TLS is OpenSSL, 3.0
INTERFACES = {"api": 0.5, "metrics": 2.0, "mqtt": 1.5}
OPENSSL = 4.0


def memory_plan(settings: Settings) -> list[Part]:
    """Which part will hold how much."""
    size = settings.camera.width, settings.camera.height
    held_by_overlay = overlay.declared_bytes(size) + composition.declared_bytes(size, settings)
    interpreter = _interpreter(settings.age.interpreter)
    source = _source(settings.source.use)
    outputs_wanted = outputs.declared_bytes(settings, composition.shown_size(settings, size))
    return [
        Part("Python and this program", PYTHON),
        Part("NumPy", NUMPY),
        Part("OpenCV", OPENCV),
        Part(interpreter, INTERPRETERS[interpreter]),
        Part(f"detector {settings.detector.kind}", DETECTORS[settings.detector.kind]),
        Part(f"age network {settings.age.model}", AGE_NETS[settings.age.model]),
        *([Part("refiner", REFINER)] if settings.detector.refine else []),
        Part(f"source {source}", SOURCES.get(source, 0.0)),
        Part("frames", capture.declared_bytes(settings) / MIB),
        Part("overlay", held_by_overlay / MIB),
        *(Part(f"output {name}", held / MIB) for name, held in outputs_wanted.items()),
        *(Part(name, INTERFACES[name]) for name in INTERFACES if _is_on(name, settings)),
        *([Part("TLS to the broker", OPENSSL)] if settings.mqtt.host and settings.mqtt.tls else []),
    ]


def _is_on(interface: str, settings: Settings) -> bool:
    return bool(settings.mqtt.host) if interface == "mqtt" else bool(getattr(settings, interface).enabled)


def _interpreter(asked: str) -> str:
    """The package that will run the networks; with none installed, the one that should be."""
    return next(iter(available()), PACKAGES[0]) if asked == "auto" else asked


def _source(spec: str) -> str:
    """The kind of source, for `auto` and `camera` the one that is to be expected here."""
    kind = spec.partition(":")[0]
    if kind not in ("auto", "camera"):
        return kind
    from device.camera.picamera import installed
    from device.camera.v4l2 import usb_cameras

    if installed():
        return "picamera2"
    return "v4l2" if usb_cameras() or kind == "camera" else "demo"
