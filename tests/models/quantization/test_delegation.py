"""The shipped files hold no float operation, and XNNPACK takes them whole."""

import pytest

from device.inference.interpreter import available
from device.inference.model_files import model_path, pinned
from models.quantization.delegation import delegation_report

SHIPPED = [name for name in ("age", "age-wide", "face-int8") if name in pinned()]


@pytest.mark.parametrize("name", SHIPPED)
def test_xnnpack_takes_the_network_whole(name):
    report = delegation_report(model_path(name), "ai_edge_litert")
    assert report.whole, report.table()
    assert report.floats == []


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("package", available())
def test_nothing_that_xnnpack_refuses_is_in_it(name, package):
    kinds = {operation.kind for operation in delegation_report(model_path(name), package).operations}
    assert not kinds & {"AVERAGE_POOL_2D", "DIV", "QUANTIZE", "DEQUANTIZE"}


@pytest.mark.parametrize("name", SHIPPED)
def test_the_file_is_small(name):
    assert (
        model_path(name).stat().st_size <= {"age": 100_000, "age-wide": 330_000, "face-int8": 200_000}[name]
    )
