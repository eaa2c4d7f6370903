"""What the int8 network is shown, and what is made of its answers."""

import numpy as np
import pytest

from device.errors import ModelError
from device.faces.detector_networks import WINDOWS, FloatNetwork, Int8Network, network_of


class Graph:
    """Four outputs with a scale each, in an order of their own; no score but what is written."""

    input_shape = (1, *WINDOWS)

    def __init__(self):
        shapes = {"coarse places": (8, 8, 96), "coarse scores": (8, 8, 6), "fine places": (16, 16, 32),
                  "fine scores": (16, 16, 2)}  # fmt: skip
        scales = [(0.5, 3), (0.25, -10), (0.125, 0), (0.0625, 5)]
        self.tensors = [np.full((1, *shape), -128, np.int8) for shape in shapes.values()]
        self.outputs = [
            {"shape": t.shape, "quantization": q} for t, q in zip(self.tensors, scales, strict=True)
        ]
        self.seen = None

    def run(self, tensor):
        self.seen = tensor[0].copy()
        return self.tensors


def test_each_window_is_five_pixels_of_a_row_less_128_and_grey_beside_the_picture():
    graph = Graph()
    pixels = np.random.default_rng(0).integers(0, 256, (128, 128, 3)).astype(np.uint8)
    Int8Network(graph).answers(pixels, 0.0)
    beside = np.zeros((128, 131, 3), int)
    beside[:, 1:129] = pixels.astype(int) - 128
    for x in (0, 1, 31, 62, 63):
        np.testing.assert_array_equal(
            graph.seen[:, x, :15].reshape(128, 5, 3), beside[:, 2 * x : 2 * x + 5], err_msg=f"window {x}"
        )


def test_scores_and_places_have_their_own_scales_and_anchors_the_float_networks_order():
    graph = Graph()
    _, coarse_scores, fine_places, fine_scores = graph.tensors
    fine_scores[0, 3, 5, 1] = 37  # (37 − 5) / 16: 2
    fine_places[0, 3, 5, 16:] = np.arange(16)
    coarse_scores[0, 7, 2, 4] = -6  # (−6 + 10) / 4: 1
    graph.tensors[0][0, 7, 2, 64:80] = 5
    network = Int8Network(graph)
    anchors, places, logits = network.answers(np.zeros((128, 128, 3), np.uint8), 0.5)
    assert anchors.tolist() == [2 * (3 * 16 + 5) + 1, 512 + 6 * (7 * 8 + 2) + 4]
    assert logits.tolist() == [2.0, 1.0]
    assert places[0].tolist() == [value / 8 for value in range(16)]
    assert places[1].tolist() == [1.0] * 16  # (5 − 3) / 2
    assert [len(part) for part in network.answers(np.zeros((128, 128, 3), np.uint8), 1.5)] == [1, 1, 1]


def test_a_file_is_known_by_its_outputs():
    graph = Graph()
    assert isinstance(network_of(graph), Int8Network)
    graph.outputs = graph.outputs[:2]
    graph.input_shape = (1, 128, 128, 3)
    assert isinstance(network_of(graph), FloatNetwork)
    graph.outputs = [{"shape": (1, 4)}] * 4
    with pytest.raises(ModelError, match="2, 6, 32 and 96"):
        network_of(graph)
