"""The trained detector as a full-int8 TFLite file, with the steps that it was trained with."""

from __future__ import annotations

import os
from pathlib import Path

os.environ["KERAS_BACKEND"] = "tensorflow"  # TensorFlow's converter writes the file

import tensorflow as tf

from models.network.detector import detector, take_weights
from models.quantization.quantize import signature


def quantized(weights: Path) -> bytes:
    """The network with these weights in int8; input: `WINDOWS` of device.faces.detector_networks.

    Nothing is measured here: weights have a scale a channel, activations the ranges kept with them.
    """
    trained, model = detector(), detector(export=True)
    trained.load_weights(weights)
    take_weights(model, trained)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([signature(model)])
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    return converter.convert()
