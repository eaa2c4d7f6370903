"""Quantization of each layer: its int8 range, and the noise that int8 adds to the float graph's values."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

NOT_LAYERS = {"QUANTIZE", "DEQUANTIZE", "RESHAPE", "DELEGATE"}  # kinds of operations that compute nothing


class Layer(NamedTuple):
    """An operation of the graph: its kind, its output's shape, range and values."""

    kind: str
    shape: tuple[int, ...]
    low: float
    high: float
    values: np.ndarray  # float32, one row a face


def run(model: bytes, faces: np.ndarray) -> list[Layer]:
    """Every operation's output for these faces, uint8 RGB (n, 64, 64, 3), in the graph's order.

    An int8 graph's values are dequantized, and its range is the representable one; a float graph's range is
    that of its values.
    """
    graph = _interpreter(model)
    (entry,) = graph.get_input_details()
    operations = [op for op in graph._get_ops_details() if op["op_name"] not in NOT_LAYERS]
    details = {detail["index"]: detail for detail in graph.get_tensor_details()}
    outputs = [int(op["outputs"][0]) for op in operations]
    rows: list[list[np.ndarray]] = [[] for _ in operations]
    for face in faces:
        offset = 128 if entry["dtype"] == np.int8 else 0
        graph.set_tensor(entry["index"], (face[None].astype(np.float32) - offset).astype(entry["dtype"]))
        graph.invoke()
        for row, index in zip(rows, outputs, strict=True):
            scale, zero = details[index]["quantization"]
            tensor = graph.get_tensor(index).astype(np.float32).ravel()
            row.append((tensor - zero) * scale if scale else tensor)
    layers = []
    for op, index, row in zip(operations, outputs, rows, strict=True):
        scale, zero = details[index]["quantization"]
        values = np.stack(row)
        span = ((-128 - zero) * scale, (127 - zero) * scale) if scale else (values.min(), values.max())
        shape = tuple(int(n) for n in details[index]["shape"][1:])
        layers.append(Layer(op["op_name"], shape, float(span[0]), float(span[1]), values))
    return layers


def sqnr(reference: np.ndarray, quantized: np.ndarray) -> float:
    """Signal to quantization noise ratio, dB: the float values' variance over the mean squared error."""
    noise = float(((quantized - reference) ** 2).mean())
    return 10 * np.log10(max(float(reference.var()), 1e-20) / max(noise, 1e-20))


def clipped_share(reference: np.ndarray, layer: Layer) -> float:
    """The share of the float values that the int8 range clips, 0 to 1."""
    return float(((reference < layer.low) | (reference > layer.high)).mean())


def _interpreter(model: bytes):
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    plain = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES  # a delegate hides the operations inside it
    graph = Interpreter(
        model_content=model, experimental_op_resolver_type=plain, experimental_preserve_all_tensors=True
    )
    graph.allocate_tensors()
    return graph
