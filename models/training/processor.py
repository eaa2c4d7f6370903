"""What trainings run on: a GPU where there is one, and bfloat16 where the processor is fast in it."""

from __future__ import annotations

import torch

DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")


def fast_bfloat16() -> bool:
    """Whether bfloat16 is computed by instructions of its own: a GPU, or AVX-512.

    AVX2 emulates it: a step of SSR-Net took 1.75 s of one EPYC core in place of 0.23 s in float32.
    """
    return DEVICE.type == "cuda" or torch.ops.mkldnn._is_mkldnn_bf16_supported()


def in_bfloat16(wanted: bool = True) -> torch.autocast:
    """A context in which layers compute in bfloat16, if `wanted` and fast here, otherwise as they are."""
    return torch.autocast(DEVICE.type, torch.bfloat16, enabled=wanted and fast_bfloat16())
