"""A dead unit comes back, the living ones stay as they were, and its gradient never is nothing."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the workstation's set (make train makes it)")
keras = pytest.importorskip("keras", reason="needs the workstation's set (make train makes it)")
if keras.backend.backend() != "torch":
    pytest.skip("needs KERAS_BACKEND=torch, as .ci/run sets it", allow_module_level=True)

from models.network.ssrnet import ssrnet  # noqa: E402
from models.training import torch_kernels  # noqa: E402
from models.training.dead_units import reinitialise_dead_units  # noqa: E402


def test_a_dead_unit_is_revived_and_its_neighbours_are_kept():
    model = ssrnet()
    pixels = torch.rand(64, 3, 64, 64) * 255
    reinitialise_dead_units(model, pixels, seed=0)
    layer = model.get_layer("stage1_relu_mix")
    kernel, bias = layer.get_weights()
    bias[1] = -1e6
    layer.set_weights([kernel, bias])
    assert reinitialise_dead_units(model, pixels, seed=1)["stage1_relu_mix"] == 1
    after, after_bias = layer.get_weights()
    np.testing.assert_array_equal(after[:, [0, 2]], kernel[:, [0, 2]])
    np.testing.assert_array_equal(after_bias[[0, 2]], bias[[0, 2]])


def test_the_training_relu_is_relu_whose_gradient_leaks():
    x = torch.tensor([-2.0, 3.0], requires_grad=True)
    y = torch_kernels.leaky_gradient_relu(x, 0.05)
    y.sum().backward()
    assert y.tolist() == [0.0, 3.0]
    assert x.grad.tolist() == pytest.approx([0.05, 1.0])


def test_torchs_kernels_compute_what_keras_does():
    model = ssrnet()
    pixels = torch.rand(4, 3, 64, 64)
    with torch.no_grad():
        ours = torch_kernels.forward(model, pixels, torch_kernels.Mode(training=False))
    for a, b in zip(ours, model(pixels.permute(0, 2, 3, 1)), strict=True):
        torch.testing.assert_close(a, b, atol=1e-5, rtol=1e-4)
