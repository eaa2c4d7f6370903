"""What each part of the program will hold in memory, from the settings, before any of it is opened.

The figures of libraries and networks were measured on 64-bit machines as the growth of the resident
set, and rounded up (`python -m device doctor` prints them beside what this process really holds).
"""

from __future__ import annotations

from types import SimpleNamespace

from device.memory import MIB, Part

PYTHON = 12.0  # the interpreter of the language, and this program
NUMPY = 24.0
OPENCV = 17.0
INTERPRETERS = {"auto": 10.0, "ai_edge_litert": 10.0, "tflite_runtime": 8.0}
DETECTORS = {"short": 4.0, "full": 8.0}
AGE_NETS = {"age": 2.0, "age-wide": 4.0}
SOURCES = {"picamera2": 40.0, "v4l2": 2.0, "file": 12.0, "images": 4.0, "demo": 6.0, "fake": 1.0, "auto": 40.0}
OUTPUTS = {"window": 30.0, "web": 12.0, "file": 24.0, "none": 0.0, "auto": 30.0}


def parts(settings: SimpleNamespace) -> list[Part]:
    """Who wants how much."""
    from device.capture import declared_bytes

    picture = settings.camera.width * settings.camera.height * 3 / MIB
    source = settings.source.use.partition(":")[0]
    return [
        Part("Python and this program", PYTHON),
        Part("NumPy", NUMPY),
        Part("OpenCV", OPENCV),
        Part(f"interpreter {settings.age.interpreter}", INTERPRETERS[settings.age.interpreter]),
        Part(f"detector {settings.detector.range}", DETECTORS[settings.detector.range]),
        Part(f"age network {settings.age.model}", AGE_NETS[settings.age.model]),
        Part(f"source {source}", SOURCES.get(source, 0.0)),
        Part("frames", declared_bytes(settings) / MIB),
        Part("overlay", 1.0 + picture),
        *(Part(f"output {kind}", OUTPUTS.get(kind, 0.0)) for kind in map(_kind, settings.output.use)),
    ]


def _kind(spec: str) -> str:
    return spec.partition(":")[0]
