"""Finer int8 steps before tanh: its input range is clamped to where tanh is not flat."""

from __future__ import annotations

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from flatbuffers import Builder

TANH_RANGE = 2.8  # from here on tanh rounds to 127/128, the largest value of its int8 output


def unpack(model: bytes) -> schema.ModelT:
    """A TFLite file as objects that can be changed; `pack` is the inverse."""
    return schema.ModelT.InitFromObj(schema.Model.GetRootAs(model))


def pack(content: schema.ModelT) -> bytes:
    """The objects as a TFLite file."""
    builder = Builder(1 << 20)
    builder.Finish(content.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def clamp_tanh_range(model: bytes) -> bytes:
    """The int8 file with the input of each tanh clamped to ±`TANH_RANGE` where its range is wider.

    The calibrated range reaches ±15, where tanh is flat: one step of the convolution's output is then up to
    sixteen of tanh's. The layer before, and maximum pooling between, take the finer scale.
    """
    content = unpack(model)
    graph, codes = content.subgraphs[0], content.operatorCodes
    kinds = {operator.outputs[0]: codes[operator.opcodeIndex].builtinCode for operator in graph.operators}
    inputs = {operator.outputs[0]: operator.inputs[0] for operator in graph.operators}
    for output in (output for output, kind in kinds.items() if kind == schema.BuiltinOperator.TANH):
        tensor = inputs[output]
        _clamp(graph.tensors[tensor].quantization)
        while kinds[tensor] == schema.BuiltinOperator.MAX_POOL_2D:  # input and output share their scale
            tensor = inputs[tensor]
            _clamp(graph.tensors[tensor].quantization)
    return pack(content)


def _clamp(quantization: schema.QuantizationParametersT) -> None:
    if quantization.scale[0] > TANH_RANGE / 127:
        quantization.scale = np.array([TANH_RANGE / 127], np.float32)
        quantization.zeroPoint = np.array([0], np.int64)
