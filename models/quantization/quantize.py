"""Quantizes float SSR-Net to a full-int8 TFLite file that both interpreters and XNNPACK run whole."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

os.environ["KERAS_BACKEND"] = "tensorflow"  # TensorFlow's converter writes the file
# oneDNN's kernels take strides that differ, as `xnnpack_ops.average` has them; TensorFlow's own do not, and
# it takes its own where the processor has no AVX-512
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "1"

import cv2
import keras
import numpy as np
import tensorflow as tf
from ai_edge_litert import schema_py_generated as schema

from device.files import replacing
from device.inference.interpreter import Model
from models.evaluation.heads import METADATA
from models.network.ssrnet import from_settings
from models.network.xnnpack_ops import take_weights
from models.quantization.tanh_range import clamp_tanh_range, pack, unpack

REPRESENTATIVE = Path(__file__).resolve().parents[2] / "calibration" / "faces"


def export_model(settings: dict, weights: Path) -> keras.Model:
    """The trained network in its export form: the same function, without what only training needs."""
    trained, export = from_settings(settings), from_settings(settings, export=True)
    trained.load_weights(weights)
    take_weights(export, trained)
    return export


def representative_faces(folder: Path = REPRESENTATIVE) -> np.ndarray:
    """The calibration crops, uint8 RGB (n, 64, 64, 3), in the order of their names."""
    paths = sorted(folder.glob("*.png"))
    if not paths:
        raise FileNotFoundError(f"{folder}: no calibration faces (*.png, 64×64); run `make calibrate`")
    return np.stack([cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB) for path in paths])


def quantize(model: keras.Model, faces: np.ndarray) -> bytes:
    """The model in int8 throughout: weights per channel, activations by their ranges over `faces`.

    The input is raw pixels less 128 (scale 1, zero point −128); the outputs have a scale each. The mean error
    of the outputs over `faces` is corrected in their biases; `model` stays as it was.
    """
    before = model.get_weights()
    correct_biases(model, convert(model, faces), faces)
    quantized = convert(model, faces)
    model.set_weights(before)
    return quantized


def convert(model: keras.Model, faces: np.ndarray) -> bytes:
    """The converter's own full-int8 post-training quantization, with finer steps before tanh."""
    converter = tf.lite.TFLiteConverter.from_concrete_functions([signature(model)])
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: _with_full_range(faces)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    # tflite_runtime 2.14 crashes on aarch64 on dense layers of 2 or 3 outputs with a scale a channel
    converter._experimental_disable_per_channel_quantization_for_dense_layers = True
    return clamp_tanh_range(converter.convert())


def correct_biases(model: keras.Model, quantized: bytes, faces: np.ndarray) -> None:
    """Subtract each output's mean quantization error over `faces` from that output's bias.

    Empirical bias correction (Nagel et al., Data-Free Quantization, ICCV 2019) at the outputs alone: of
    SSR-Net's nine, an error of 0.02 in one bin of the coarse stage is a year on every face.
    """
    outputs = model(faces.astype(np.float32), training=False)
    expected = [np.array(tensor) for tensor in (outputs if isinstance(outputs, list) else [outputs])]
    heads = [tensor._keras_history.operation for tensor in model.outputs]
    for head, reference, output in zip(heads, expected, int8_outputs(quantized, faces), strict=True):
        activation = getattr(head, "activation", None)
        if not head.weights or activation not in SLOPES:  # constant 0 in the paper's ablation; a softmax
            continue
        slope = SLOPES[activation](reference).mean(0)
        error = (reference - output).mean(0)
        head.bias.assign_add(np.where(slope > 0.05, error / np.maximum(slope, 0.05), 0))


SLOPES: dict[Callable, Callable[[np.ndarray], np.ndarray]] = {  # of an activation, by its output
    keras.activations.relu: lambda y: (y > 0).astype(np.float32),
    keras.activations.tanh: lambda y: 1 - y**2,
    keras.activations.linear: np.ones_like,
}


def int8_outputs(quantized: bytes, faces: np.ndarray) -> list[np.ndarray]:
    """The outputs for faces uint8 (n, 64, 64, 3), dequantized: float (n, values), in the model's order."""
    net = Model(quantized)
    rows = [net.run((face ^ 0x80).view(np.int8)[None]) for face in faces]
    scales = [detail["quantization"] for detail in net.outputs]
    columns = zip(zip(*rows, strict=True), scales, strict=True)
    return [(np.concatenate(column).astype(np.float32) - zero) * scale for column, (scale, zero) in columns]


def to_float(model: keras.Model) -> bytes:
    """The same graph as a float TFLite file, to compare with."""
    return tf.lite.TFLiteConverter.from_concrete_functions([signature(model)]).convert()


def signature(model: keras.Model):
    """The model for one picture, as the converter takes it."""
    shape = (1, *model.input_shape[1:])

    @tf.function(input_signature=[tf.TensorSpec(shape, tf.float32, name="pixels")])
    def run(pixels):
        return model(pixels, training=False)

    return run.get_concrete_function()


def _with_full_range(faces: np.ndarray) -> Iterator[list[np.ndarray]]:
    """The faces as the converter takes them; a black and a white pixel in each fix the input's scale at 1."""
    for face in faces:
        pixels = face[None].astype(np.float32)
        pixels[0, 0, 0], pixels[0, 0, 1] = 0, 255
        yield [pixels]


def with_metadata(model: bytes, metadata: dict) -> bytes:
    """The file with `metadata` inside it, as JSON."""
    content = unpack(model)
    buffer, entry = schema.BufferT(), schema.MetadataT()
    buffer.data = np.frombuffer(json.dumps(metadata, sort_keys=True).encode(), np.uint8)
    content.buffers.append(buffer)
    entry.name, entry.buffer = METADATA, len(content.buffers) - 1
    content.metadata = [*(content.metadata or []), entry]
    return pack(content)


def metadata(settings: dict, weights: Path, faces: np.ndarray) -> dict:
    """The file's metadata: the meaning of its tensors, and its provenance."""
    commit = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    return {
        "name": settings["name"],
        "labels": "p, eta, delta of stages 1–3; age in years by soft stagewise regression, V = 101",
        "normalisation": "uint8 RGB less 128; eyes 0.39 of the side apart, 0.30 from the top",
        "stages": settings["stages"],
        "channels": settings["channels"],
        "weights_sha256": hashlib.sha256(weights.read_bytes()).hexdigest(),
        "data_fingerprint": settings.get("data_fingerprint", "unknown"),
        "calibration_sha256": hashlib.sha256(faces.tobytes()).hexdigest(),
        "commit": commit.stdout.strip() or "unknown",
        "licence": "weights learnt from UTKFace: non-commercial research only",
    }


def write(path: Path, data: bytes) -> str:
    """Replace the file atomically; returns its SHA-256."""
    with replacing(path) as part:
        part.write_bytes(data)
    return hashlib.sha256(data).hexdigest()
