"""What enters tanh has fine steps, through pooling before it too; the rest of the file stays as it was."""

import pytest

from device.inference.model_files import model_path

schema = pytest.importorskip("ai_edge_litert.schema_py_generated")
pytest.importorskip("flatbuffers")

from models.quantization.tanh_range import TANH_RANGE, clamp_tanh_range, unpack  # noqa: E402


def scales(model):
    return [
        float(tensor.quantization.scale[0])
        for tensor in unpack(model).subgraphs[0].tensors
        if tensor.quantization is not None and tensor.quantization.scale is not None
    ]


def test_only_what_tanh_reads_is_held():
    model = model_path("age").read_bytes()
    wide, held = scales(model), scales(clamp_tanh_range(model))
    changed = {(after, before) for before, after in zip(wide, held, strict=True) if after != before}
    assert all(after == pytest.approx(TANH_RANGE / 127) and before > after for after, before in changed)
    assert scales(clamp_tanh_range(clamp_tanh_range(model))) == held


def test_the_step_before_every_tanh_is_fine():
    graph = unpack(clamp_tanh_range(model_path("age").read_bytes())).subgraphs[0]
    codes = unpack(model_path("age").read_bytes()).operatorCodes
    tanh = [
        operator.inputs[0]
        for operator in graph.operators
        if codes[operator.opcodeIndex].builtinCode == schema.BuiltinOperator.TANH
    ]
    assert len(tanh) == 10  # four of the stream, η and Δ of three stages
    assert all(graph.tensors[tensor].quantization.scale[0] <= TANH_RANGE / 127 + 1e-6 for tensor in tanh)
