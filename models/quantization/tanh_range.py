"""Finer int8 steps before tanh: what is past its reach may saturate."""

from __future__ import annotations

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from flatbuffers import Builder

REACH = 2.8  # from here on tanh rounds to 127/128, the most that its int8 output can say


def unpacked(model: bytes) -> schema.ModelT:
    """A TFLite file as objects that can be changed."""
    return schema.ModelT.InitFromObj(schema.Model.GetRootAs(model))


def packed(content: schema.ModelT) -> bytes:
    """The objects as a TFLite file."""
    builder = Builder(1 << 20)
    builder.Finish(content.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def saturate(model: bytes) -> bytes:
    """The int8 file with what enters each tanh held to ±`REACH`, where its calibrated range is wider.

    The range that faces show reaches ±15, where tanh has long been flat: a step of the convolution's output
    is then up to sixteen of tanh's. The layer before, and maximum pooling between, take the finer scale.
    """
    content = unpacked(model)
    graph, codes = content.subgraphs[0], content.operatorCodes
    kinds = {operator.outputs[0]: codes[operator.opcodeIndex].builtinCode for operator in graph.operators}
    inputs = {operator.outputs[0]: operator.inputs[0] for operator in graph.operators}
    for output in (output for output, kind in kinds.items() if kind == schema.BuiltinOperator.TANH):
        tensor = inputs[output]
        _hold(graph.tensors[tensor].quantization)
        while kinds[tensor] == schema.BuiltinOperator.MAX_POOL_2D:  # its input has the same scale
            tensor = inputs[tensor]
            _hold(graph.tensors[tensor].quantization)
    return packed(content)


def _hold(quantization: schema.QuantizationParametersT) -> None:
    if quantization.scale[0] > REACH / 127:
        quantization.scale = np.array([REACH / 127], np.float32)
        quantization.zeroPoint = np.array([0], np.int64)
