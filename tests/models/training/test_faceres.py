"""The teacher that is taught further: its weights' places, its padding, and what it keeps."""

from itertools import pairwise

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the workstation's set (make train makes it)")
from models.training import faceres  # noqa: E402


def made_up_weights():
    """Weights of every published name and shape, small and random."""
    rng = np.random.default_rng(0)
    widths = [32, 64, 128, 128, 256, 256, *[512] * 6, 1024, 1024]
    shapes = {"conv1/convolution/merged_input": (3, 3, 3, 32), "conv1_bn/batchnorm_1/sub": (32,),
              "feats/kernel": (1024, 256), "feats/bias": (256,),
              "age_pred/kernel": (256, 100), "age_pred/bias": (100,)}  # fmt: skip
    for i, (ins, outs) in enumerate(pairwise(widths), start=1):
        shapes |= {f"conv_dw_{i}/depthwise_kernel": (3, 3, ins, 1),
                   f"conv_dw_{i}_bn/batchnorm_1/mul": (ins,), f"conv_dw_{i}_bn/batchnorm_1/sub": (ins,),
                   f"conv_pw_{i}/convolution/merged_input": (1, 1, ins, outs),
                   f"conv_pw_{i}_bn/batchnorm_1/sub": (outs,)}  # fmt: skip
    return {name: rng.normal(0, 0.1, shape).astype(np.float32) for name, shape in shapes.items()}


@pytest.fixture(scope="module")
def weights():
    return made_up_weights()


@pytest.fixture
def net(weights, monkeypatch):
    monkeypatch.setattr(faceres, "read_weights", lambda manifest: weights)
    return faceres.published(None)


def test_every_weight_has_its_place(net, weights):
    kernel, factor = weights["conv_dw_3/depthwise_kernel"], weights["conv_dw_3_bn/batchnorm_1/mul"]
    wide, deep = net.blocks[2][0], net.blocks[2][2]
    assert wide.weight[5, 0, 0, 2].item() == pytest.approx(kernel[0, 2, 5, 0] * factor[5])
    assert deep.weight[7, 5, 0, 0].item() == weights["conv_pw_3/convolution/merged_input"][0, 0, 5, 7]
    assert net.head.bias[100].item() == weights["age_pred/bias"][99]  # nothing is known of 100 years


def test_halving_pads_below_and_to_the_right_as_tensorflow_does():
    layer = faceres.Padded(1, 1, 2)
    with torch.no_grad():
        layer.weight.zero_()
        layer.bias.zero_()
        layer.weight[0, 0, 0, 0] = 1  # takes the pixel at twice its place
        given = layer(torch.arange(16.0).view(1, 1, 4, 4))
    assert given[0, 0].tolist() == [[0, 2], [8, 10]]


def test_trunk_and_tail_are_the_whole_network(net):
    crops = np.random.default_rng(1).integers(0, 256, (2, 160, 160, 3), np.uint8)
    trunk = faceres.see(net, crops)
    assert (trunk.shape, trunk.dtype) == ((2, 10, 10, 512), np.float16)
    whole = net(torch.from_numpy(crops).permute(0, 3, 1, 2).float()).softmax(1).detach().numpy()
    np.testing.assert_allclose(faceres.say(net.tail, trunk), whole, atol=0.01)


def test_of_the_young_it_keeps_what_it_knew(net):
    pupil = faceres.TailInTraining(net, 1.0).eval()
    forgetful = faceres.TailInTraining(net, 0.0).eval()
    trunk, knew = torch.zeros(2, 512, 10, 10), torch.full((2, 101), 1 / 101)

    def memory(ages):
        """What forgetting costs."""
        ages = torch.tensor(ages)
        return (pupil.loss(trunk, ages, knew) - forgetful.loss(trunk, ages, knew)).item()

    assert memory([20.0, 20.0]) == pytest.approx(2 * memory([20.0, 70.0]))
    assert memory([20.0, 20.0]) > 4
    assert memory([70.0, 70.0]) == 0
