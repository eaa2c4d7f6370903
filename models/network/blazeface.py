"""The weights inside the published BlazeFace file, which the detector of `detector.py` begins with."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from models.network.detector import HEADS, block_names

DTYPES = {schema.TensorType.FLOAT32: np.float32, schema.TensorType.FLOAT16: np.float16}


class Convolution(NamedTuple):
    """Weights as Keras has them: (rows, columns, in, out); where depthwise, (rows, columns, channels, 1)."""

    kernel: np.ndarray
    bias: np.ndarray


def convolutions(path: Path) -> list[Convolution]:
    """All of the file's, in the order they are run: the first, (depthwise, 1×1) of 16 blocks, four heads."""
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(path.read_bytes()))
    graph = model.subgraphs[0]
    codes = [max(code.builtinCode, code.deprecatedBuiltinCode) for code in model.operatorCodes]
    kinds = schema.BuiltinOperator
    halves = {
        op.outputs[0]: op.inputs[0] for op in graph.operators if codes[op.opcodeIndex] == kinds.DEQUANTIZE
    }

    def constant(index: int) -> np.ndarray:
        tensor = graph.tensors[halves.get(index, index)]
        data = np.asarray(model.buffers[tensor.buffer].data, np.uint8)
        return data.view(DTYPES[tensor.type]).reshape(tensor.shape).astype(np.float32)

    found = []
    for op in graph.operators:
        axes = {kinds.CONV_2D: (1, 2, 3, 0), kinds.DEPTHWISE_CONV_2D: (1, 2, 3, 0)}.get(codes[op.opcodeIndex])
        if axes:
            kernel = constant(op.inputs[1])
            found.append(Convolution(np.ascontiguousarray(kernel.transpose(axes)), constant(op.inputs[2])))
    return found


def begin_with(model: keras.Model, path: Path) -> None:
    """Give the detector the file's weights; its pixels are 127.5 times as large, and half a level off."""
    first, *found = convolutions(path)
    shift = first.kernel.sum((0, 1, 2)) * 0.5 / 127.5
    model.get_layer("stem").set_weights([first.kernel / 127.5, first.bias + shift])
    blocks, heads = found[: -len(HEADS)], found[-len(HEADS) :]
    for name, depthwise, pointwise in zip(block_names(), blocks[::2], blocks[1::2], strict=True):
        model.get_layer(f"{name}_depthwise").set_weights(list(depthwise))
        model.get_layer(f"{name}_pointwise").set_weights(list(pointwise))
    for name, head in zip(HEADS, heads, strict=True):
        model.get_layer(name).set_weights(list(head))
