"""bfloat16 only where it is fast."""

from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="needs the workstation's set (make train makes it)")

from models.training import processor  # noqa: E402


@pytest.mark.parametrize(
    ("fast", "wanted", "computed"),
    [
        (True, True, torch.bfloat16),
        (True, False, torch.float32),
        (False, True, torch.float32),
        (False, False, torch.float32),
    ],
)
def test_layers_compute_in_bfloat16_where_it_is_wanted_and_fast(monkeypatch, fast, wanted, computed):
    monkeypatch.setattr(processor, "fast_bfloat16", lambda: fast)
    weight, faces = torch.ones(2, 3), torch.ones(4, 3)
    with processor.in_bfloat16(wanted):
        assert torch.nn.functional.linear(faces, weight).dtype == computed


def test_a_processor_without_instructions_for_it_is_known(monkeypatch):
    monkeypatch.setattr(processor, "DEVICE", torch.device("cpu"))
    assert processor.fast_bfloat16() == ("avx512" in Path("/proc/cpuinfo").read_text())
