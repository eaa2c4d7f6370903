"""Floats for property tests, none of them subnormal: tflite_runtime's wheel for aarch64 makes those 0."""

from functools import partial

from hypothesis import strategies

floats = partial(strategies.floats, allow_subnormal=False)
