"""`python -m calibration detector --video FOLDER --photos FOLDER`: is an int8 face detector worth it?

The float file is quantized with frames of the demo scene as representative data, and both are compared: faces
found in clips and photographs, shift of the eyes, latency, and size. Needs TensorFlow.
"""

from __future__ import annotations

import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from device.config.loader import changed, defaults
from device.errors import ConfigError
from device.faces.border import with_border
from device.faces.detector import FaceDetector
from device.faces.detector_networks import FloatNetwork
from device.faces.letterbox import Letterbox
from device.frame import Frame
from device.inference.interpreter import Model
from device.inference.model_files import model_path

SIZE = (640, 480)
SIDE = 128  # pixels of the short-range detector's input
DTYPES = {0: np.float32, 1: np.float16, 2: np.int32}  # by TFLite's TensorType
PADDINGS = {0: "SAME", 1: "VALID"}
FRAME_STEP = 5  # every fifth frame of a clip is used
MIN_IOU = 0.5  # of the float and the int8 detector's boxes, for them to be the same face
TIMED_RUNS = 200  # of each, alternating


def representative_inputs() -> list[np.ndarray]:
    """The detector's inputs, float32 (1, 128, 128, 3), for frames of the demo: near and far, few and many."""
    from device.camera.demo.source import Demo

    settings = changed(defaults(), camera={"width": SIZE[0], "height": SIZE[1]})
    letterbox, frame, inputs = Letterbox(SIDE), Frame(SIZE), []
    for people, indices in (("", range(0, 1200, 30)), ("1", (0, 40)), ("4", (0, 40)), ("9", (0, 40))):
        demo = Demo(settings, people)
        for index in indices:
            demo.draw(index, frame)
            letterbox.fill(frame.image)
            inputs.append(letterbox.pixels[None] / np.float32(127.5) - 1)
    return inputs


def rebuild_graph(source: bytes) -> Any:
    """The float file's graph as a TensorFlow function, with the same weights."""
    import tensorflow as tf
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(source))
    graph = model.subgraphs[0]
    names = {code: name for name, code in vars(schema.BuiltinOperator).items() if isinstance(code, int)}

    def constant(index: int):
        tensor = graph.tensors[index]
        data = np.asarray(model.buffers[tensor.buffer].data, np.uint8)
        return data.view(DTYPES[tensor.type]).reshape(tensor.shape)

    @tf.function(input_signature=[tf.TensorSpec((1, SIDE, SIDE, 3), tf.float32)])
    def run(pixels):
        values = {graph.inputs[0]: pixels}
        for operator in graph.operators:
            code = model.operatorCodes[operator.opcodeIndex]
            kind = names[max(code.builtinCode, code.deprecatedBuiltinCode)]
            inputs = [values[i] if i in values else constant(i) for i in operator.inputs]
            values[operator.outputs[0]] = _apply(tf, kind, inputs, operator.builtinOptions)
        return [values[i] for i in graph.outputs]

    return run


def quantize(source: bytes, inputs: list[np.ndarray]) -> bytes:
    """The file quantized to int8 weights and activations; input and outputs stay float."""
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_concrete_functions(
        [rebuild_graph(source).get_concrete_function()]
    )
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([tensor] for tensor in inputs)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    return converter.convert()


def compare(
    float_detector: FaceDetector, int8_detector: FaceDetector, pictures: Iterator[np.ndarray]
) -> dict[str, float]:
    """Faces of the float detector, the int8 one's recall of them and false positives, shift of the eyes."""
    faces = found_again = extra = 0
    shifts = []
    for picture in pictures:
        found, others = float_detector.detect(picture), int8_detector.detect(picture)
        faces += len(found)
        for face in found:
            same = max(others, key=lambda other: other.box.iou(face.box), default=None)
            if same is not None and same.box.iou(face.box) > MIN_IOU:
                found_again += 1
                apart = np.linalg.norm(face.keypoints[0] - face.keypoints[1])
                shifts.append(np.linalg.norm(same.keypoints[:2] - face.keypoints[:2], axis=1).mean() / apart)
        extra += sum(max((o.box.iou(f.box) for f in found), default=0) <= MIN_IOU for o in others)
    return {
        "faces": faces,
        "found again, %": round(100 * found_again / max(faces, 1), 1),
        "new ones": extra,
        "eyes moved, % of their distance": round(100 * float(np.mean(shifts or [0])), 1),
    }


def latencies_ms(*models: Model) -> list[float]:
    """The median latency of each model; runs alternate, so that a busy machine slows all of them."""
    tensor = np.zeros((1, 128, 128, 3), np.float32)
    times: list[list[float]] = [[] for _ in models]
    for _ in range(TIMED_RUNS):
        for model, row in zip(models, times, strict=True):
            start = time.perf_counter()
            model.run(tensor)
            row.append(time.perf_counter() - start)
    return [round(1000 * float(np.median(row)), 3) for row in times]


def frames(folder: Path) -> Iterator[np.ndarray]:
    """Every fifth frame of each clip of a folder, uint8 BGR."""
    for path in sorted(folder.glob("*.mkv")) + sorted(folder.glob("*.gif")):
        clip = cv2.VideoCapture(str(path))
        for index in range(100_000):
            there, picture = clip.read()
            if not there:
                break
            if index % FRAME_STEP == 0:
                yield picture


def photographs(folder: Path) -> Iterator[np.ndarray]:
    """The pictures of a folder, uint8 BGR, framed by a third of their size as whole photographs are."""
    for path in sorted(folder.iterdir()):
        picture = cv2.imread(str(path))
        if picture is not None:
            yield with_border(np.asarray(picture, np.uint8), max(picture.shape[:2]) // 3)


def add_options(parser: ArgumentParser) -> None:
    """The options of `detector`."""
    parser.add_argument("--video", type=Path, required=True, metavar="FOLDER", help="clips")
    parser.add_argument("--photos", type=Path, required=True, metavar="FOLDER", help="photographs with faces")


def main(args: Namespace) -> int:
    """Print the comparison."""
    if find_spec("tensorflow") is None:
        raise ConfigError(
            "TensorFlow is not installed here; run `make training`, and this with .venv-train/bin/python"
        )
    source = model_path("face-short")
    data = quantize(source.read_bytes(), representative_inputs())
    float_detector, int8_detector = FaceDetector("short"), FaceDetector("short")
    int8_detector._network = FloatNetwork(Model(data))
    print(f"size: {source.stat().st_size} bytes float, {len(data)} int8")
    print("time: {} ms float, {} ms int8".format(*latencies_ms(Model(source), Model(data))))
    for name, pictures in (("clips", frames(args.video)), ("photographs", photographs(args.photos))):
        print(name, compare(float_detector, int8_detector, pictures))
    return 0


def _apply(tf, kind: str, inputs: list, options):
    """One operation of the file, by TensorFlow's function of the same kind."""
    if kind == "CONV_2D":
        stride, padding = (options.strideH, options.strideW), PADDINGS[options.padding]
        return tf.nn.bias_add(
            tf.nn.conv2d(inputs[0], np.transpose(inputs[1], (1, 2, 3, 0)), stride, padding), inputs[2]
        )
    if kind == "DEPTHWISE_CONV_2D":
        strides, padding = (1, options.strideH, options.strideW, 1), PADDINGS[options.padding]
        kernel = np.transpose(inputs[1], (1, 2, 3, 0))
        return tf.nn.bias_add(tf.nn.depthwise_conv2d(inputs[0], kernel, strides, padding), inputs[2])
    if kind == "MAX_POOL_2D":
        size, stride = (options.filterHeight, options.filterWidth), (options.strideH, options.strideW)
        return tf.nn.max_pool2d(inputs[0], size, stride, PADDINGS[options.padding])
    if kind == "CONCATENATION":
        return tf.concat(inputs, options.axis)
    if kind == "RESHAPE":
        return tf.reshape(inputs[0], options.newShape)
    simple = {
        "DEQUANTIZE": lambda half: half.astype(np.float32),
        "RELU": tf.nn.relu,
        "ADD": tf.add,
        "PAD": tf.pad,
    }
    return simple[kind](*inputs)
