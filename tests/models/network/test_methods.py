"""The networks of the field: their parameters against the papers' figures, and their outputs."""

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="needs the workstation's set (make train makes it)")

from models.network.c3ae import c3ae  # noqa: E402
from models.network.densenet import densenet  # noqa: E402
from models.network.dex import dex  # noqa: E402
from models.network.mobilenet import mobilenet  # noqa: E402
from models.network.orcnn import LocalResponse, mrcnn, orcnn  # noqa: E402
from models.network.ssrnet import ssrnet  # noqa: E402
from models.network.tiny_age_net import tiny_age_net  # noqa: E402


def trainable(model):
    return sum(int(np.prod(w.shape)) for w in model.trainable_weights)


def test_tiny_age_net_has_the_935_and_238_thousand_parameters_published():
    assert trainable(tiny_age_net(4)) == 934_869
    assert trainable(tiny_age_net(8)) == 237_661


@pytest.mark.parametrize(
    ("build", "parameters", "outputs"),
    [
        (mobilenet, 226_309, 1),
        (densenet, 108_377, 1),
        (lambda: densenet(19), 242_009, 1),
        (orcnn, 461_820, 100),
        (mrcnn, 453_801, 1),
        (dex, 107_097, 101),
    ],
    ids=["mobilenet", "densenet-13", "densenet-19", "orcnn", "mrcnn", "dex"],
)
def test_parameters_and_outputs(build, parameters, outputs):
    model = build()
    assert model.count_params() == parameters
    assert model.output_shape == (None, outputs)


def test_c3ae_has_about_40_thousand_parameters_and_its_crops_share_them():
    # trunk: 896 + 3·9,248 + 1,056, batch norm 4·128; shares 12·(512 or 1,536) + 12; label 13
    assert c3ae(crops=1).count_params() == 30_208 + 6_156 + 13
    assert c3ae().count_params() == 30_208 + 18_444 + 13
    assert c3ae().output_shape == [(None, 12), (None, 1)]


@pytest.mark.parametrize(
    ("stages", "parameters"), [((27,), 50_653), ((5, 5), 40_928), ((9, 3), 42_100), ((3, 3, 3), 40_915)]
)
def test_ssrnets_parameters_by_its_stages(stages, parameters):
    # streams 36,816; a stage of s bins over f features a stream (160, then 90):
    # 500 + 2s(f + 1) + 2s(s + 1) + 2s(2s + 1) + f + 1
    model = ssrnet(stages=stages)
    assert model.count_params() == parameters
    assert [p.shape[1] for p in model.outputs[0::3]] == list(stages)


@pytest.mark.parametrize("stages", [(), (3, 3, 3, 3)])
def test_ssrnet_has_one_to_three_stages(stages):
    with pytest.raises(ValueError, match="one to 3"):
        ssrnet(stages=stages)


@pytest.mark.parametrize("pool", ["hybrid", "maximum", "average"])
def test_tiny_age_nets_pooling_is_a_choice_of_as_many_parameters(pool):
    model = tiny_age_net(8, points=9, pool=pool)
    assert trainable(model) == 237_661 - 92 * 65
    assert model.get_layer("features").input.shape[1] == (4 if pool == "average" else 2)


def test_what_is_no_depth_or_pool_is_refused():
    with pytest.raises(ValueError, match="depth 15"):
        densenet(15)
    with pytest.raises(ValueError, match="pool 'median'"):
        tiny_age_net(pool="median")


def test_local_response_divides_by_its_neighbours():
    # channels 1, 2, 3 with one neighbour on either side, k 1, α/n 1, β 1: sums 5, 14, 13
    layer = LocalResponse(neighbours=3, alpha=3.0, beta=1.0)
    out = keras.ops.convert_to_numpy(layer(np.array([[[[1.0, 2.0, 3.0]]]], np.float32)))
    np.testing.assert_allclose(out[0, 0, 0], [1 / 6, 2 / 15, 3 / 14], rtol=1e-6)


def test_local_response_to_the_power_of_three_quarters():
    # k 2 and α/n 14/9: sums of one channel of 3 with itself alone: 2 + 14 = 16, to the 3/4th 8
    layer = LocalResponse(neighbours=1, alpha=14 / 9, beta=0.75, k=2.0)
    out = keras.ops.convert_to_numpy(layer(np.array([[[[3.0, 3.0]]]], np.float32)))
    np.testing.assert_allclose(out[0, 0, 0], [3 / 8, 3 / 8], rtol=1e-6)
