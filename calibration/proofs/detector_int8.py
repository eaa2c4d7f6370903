"""`python -m calibration detector --video FOLDER --photos FOLDER`: would the face detector gain as int8?

The float file is made int8 with frames of the demo scene as its representative data, and both are compared:
faces found in clips and photographs, how far the eyes move, time, and size. Needs TensorFlow.
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
from device.faces.detector import FaceDetector
from device.frame import Frame
from device.inference.interpreter import Model
from device.inference.model_files import model_path

SIZE = (640, 480)
SIDE = 128  # pixels of the short-range detector's input
DTYPES = {0: np.float32, 1: np.float16, 2: np.int32}  # by the file format's numbers
PADDINGS = {0: "SAME", 1: "VALID"}
EVERY = 5  # frames of a clip
SAME = 0.5  # IoU with the float detector's box that makes it the same face
ROUNDS = 200  # timed runs of each, in turn


def representative_inputs() -> list[np.ndarray]:
    """The detector's inputs, float32 (1, 128, 128, 3), for frames of the demo: near and far, few and many."""
    from device.camera.demo.source import Demo

    settings = changed(defaults(), camera={"width": SIZE[0], "height": SIZE[1]})
    detector, frame, inputs = FaceDetector("short"), Frame(SIZE), []
    for people, indices in (("", range(0, 1200, 30)), ("1", (0, 40)), ("4", (0, 40)), ("9", (0, 40))):
        demo = Demo(settings, people)
        for index in indices:
            demo.draw(index, frame)
            detector._fill(frame.image)
            inputs.append(detector._input.copy())
    return inputs


def rebuilt(source: bytes) -> Any:
    """The float file's graph as a TensorFlow function of its input, with the same weights."""
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


def quantized(source: bytes, inputs: list[np.ndarray]) -> bytes:
    """The file with int8 weights and activations; input and outputs stay float."""
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_concrete_functions([rebuilt(source).get_concrete_function()])
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([tensor] for tensor in inputs)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    return converter.convert()


def compare(real: FaceDetector, coded: FaceDetector, pictures: Iterator[np.ndarray]) -> dict[str, float]:
    """Faces the float detector finds, the share the int8 one finds, what it adds, how far the eyes move."""
    faces = again = extra = 0
    shifts = []
    for picture in pictures:
        found, others = real.detect(picture), coded.detect(picture)
        faces += len(found)
        for face in found:
            same = max(others, key=lambda other: other.box.iou(face.box), default=None)
            if same is not None and same.box.iou(face.box) > SAME:
                again += 1
                apart = np.linalg.norm(face.keypoints[0] - face.keypoints[1])
                shifts.append(np.linalg.norm(same.keypoints[:2] - face.keypoints[:2], axis=1).mean() / apart)
        extra += sum(max((o.box.iou(f.box) for f in found), default=0) <= SAME for o in others)
    return {
        "faces": faces,
        "found again, %": round(100 * again / max(faces, 1), 1),
        "new ones": extra,
        "eyes moved, % of their distance": round(100 * float(np.mean(shifts or [0])), 1),
    }


def milliseconds(*models: Model) -> list[float]:
    """The median time of a run of each, in turn, so that a busy machine slows all alike."""
    tensor = np.zeros((1, 128, 128, 3), np.float32)
    times: list[list[float]] = [[] for _ in models]
    for _ in range(ROUNDS):
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
            if index % EVERY == 0:
                yield picture


def photographs(folder: Path) -> Iterator[np.ndarray]:
    """The pictures of a folder, uint8 BGR, framed by a third of their size as whole photographs are."""
    for path in sorted(folder.iterdir()):
        picture = cv2.imread(str(path))
        if picture is not None:
            border = max(picture.shape[:2]) // 3
            yield cv2.copyMakeBorder(picture, border, border, border, border, cv2.BORDER_REPLICATE)


def add_options(parser: ArgumentParser) -> None:
    """The options of `detector`."""
    parser.add_argument("--video", type=Path, required=True, metavar="FOLDER", help="clips")
    parser.add_argument("--photos", type=Path, required=True, metavar="FOLDER", help="photographs with faces")


def main(args: Namespace) -> int:
    """Print the comparison."""
    if find_spec("tensorflow") is None:
        raise ConfigError("no TensorFlow is here; run `make training`, and this with .venv-train/bin/python")
    source = model_path("face-short")
    data = quantized(source.read_bytes(), representative_inputs())
    real, coded = FaceDetector("short"), FaceDetector("short")
    coded._model = Model(data)
    print(f"size: {source.stat().st_size} bytes float, {len(data)} int8")
    print("time: {} ms float, {} ms int8".format(*milliseconds(Model(source), Model(data))))
    for name, pictures in (("clips", frames(args.video)), ("photographs", photographs(args.photos))):
        print(name, compare(real, coded, pictures))
    return 0


def _apply(tf, kind: str, inputs: list, options):
    """One operation of the file in TensorFlow's terms."""
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
