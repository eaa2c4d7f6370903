"""The two forms of detector networks: which anchors see a face in a square of pixels, and where."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from device.errors import ModelError
from device.frame import Image

Floats = NDArray[np.float32]
Answers = tuple[NDArray[np.intp], Floats, Floats]  # anchors, their 16 places in pixels from each, and logits

WINDOWS = (
    128,
    64,
    16,
)  # the int8 network's input: in each row, at every second pixel, five pixels from −1 to 3
SCORES, PLACES = (2, 6), (32, 96)  # channels of its outputs: of the fine cells, and of the coarse ones


class Graph(Protocol):
    """What runs a network, as `device.inference.interpreter.Model` does."""

    outputs: list[dict[str, Any]]

    @property
    def input_shape(self) -> tuple[int, ...]:
        """As `Model.input_shape`."""

    def run(self, tensor: NDArray[Any]) -> list[NDArray[Any]]:
        """As `Model.run`."""


class FloatNetwork:
    """BlazeFace as published: pixels from −1 to 1, and all anchors' scores and places in two tensors."""

    def __init__(self, model: Graph):
        self._model = model
        self.side = model.input_shape[1]
        self._input = np.empty((1, self.side, self.side, 3), np.float32)

    def answers(self, pixels: Image, min_logit: float) -> Answers:
        """Of uint8 RGB (side, side, 3): the anchors above `min_logit`."""
        places, logits = self.outputs(pixels)
        chosen = np.flatnonzero(logits > min_logit)
        return chosen, places[chosen], logits[chosen]

    def outputs(self, pixels: Image) -> tuple[Floats, Floats]:
        """Places (anchors, 16) in pixels from each anchor, and logits (anchors,)."""
        np.multiply(pixels, np.float32(1 / 127.5), out=self._input[0])
        np.subtract(self._input, np.float32(1), out=self._input)
        first, second = self._model.run(self._input)
        if first.shape[-1] == 1:
            first, second = second, first
        return first[0], second[0, :, 0]


class Int8Network:
    """Ours (models/README.md): pixels less 128, and four int8 tensors, each with a scale."""

    def __init__(self, model: Graph):
        self._model = model
        by_channels = {int(detail["shape"][-1]): place for place, detail in enumerate(model.outputs)}
        if sorted(by_channels) != sorted(SCORES + PLACES):
            raise ModelError("this model: no detector (its outputs must have 2, 6, 32 and 96 channels)")
        self._order = [by_channels[channels] for channels in SCORES + PLACES]
        self._scales = [model.outputs[place]["quantization"] for place in self._order]
        self.side, _, width = WINDOWS
        # rows with a pixel of grey before and two behind, of which the windows are views that overlap
        self._rows = np.zeros((self.side, 3 + 3 * self.side + 13), np.int8)
        self._pixels = self._rows.view(np.uint8)[:, 3 : 3 + 3 * self.side]
        windows = as_strided(self._rows, WINDOWS, (self._rows.strides[0], 6, 1))
        self._input = np.empty((1, *WINDOWS), np.int8)
        whole = np.dtype((np.void, width))  # copied as one
        self._windows = windows.view(whole), self._input.view(whole)

    def answers(self, pixels: Image, min_logit: float) -> Answers:
        """Of uint8 RGB (128, 128, 3): the anchors above `min_logit`."""
        np.bitwise_xor(
            pixels.reshape(self.side, -1), 0x80, out=self._pixels
        )  # byte − 128 in two's complement
        np.copyto(self._windows[1][0], self._windows[0])
        tensors = self._model.run(self._input)
        anchors, places, logits = [], [], []
        before = 0
        for cells in (0, 1):
            (score_scale, score_zero), (place_scale, place_zero) = (
                self._scales[cells],
                self._scales[cells + 2],
            )
            scores = tensors[self._order[cells]].ravel()
            seen = np.flatnonzero(scores > min_logit / score_scale + score_zero)
            anchors.append(seen + before)
            logits.append((scores[seen].astype(np.float32) - score_zero) * np.float32(score_scale))
            there = tensors[self._order[cells + 2]].reshape(-1, 16)[seen].astype(np.float32)
            places.append((there - place_zero) * np.float32(place_scale))
            before += len(scores)
        return np.concatenate(anchors), np.concatenate(places), np.concatenate(logits)


def network_of(model: Graph) -> FloatNetwork | Int8Network:
    """The network in a file, by how many outputs it has. Raises ModelError."""
    return FloatNetwork(model) if len(model.outputs) == 2 else Int8Network(model)
