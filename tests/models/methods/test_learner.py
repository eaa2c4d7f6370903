"""Every row's network on torch's kernels is Keras' own; what its loss is made of; what it says."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the workstation's set (make train makes it)")
keras = pytest.importorskip("keras", reason="needs the workstation's set (make train makes it)")
if keras.backend.backend() != "torch":
    pytest.skip("needs KERAS_BACKEND=torch, as .ci/run sets it", allow_module_level=True)

from models.methods import recipe as recipes  # noqa: E402
from models.methods.learner import Learner  # noqa: E402
from models.methods.networks import multiply_adds, network  # noqa: E402
from models.network.dex import dex  # noqa: E402
from models.network.twin import begin_as, twin  # noqa: E402

FORMS = (
    "ssrnet", "ssrnet-static", "ssrnet-27", "ssrnet-one-stream", "ssrnet-static-softmax", "mobilenet",
    "densenet-13", "orcnn", "mrcnn", "c3ae", "dex", "order", "covered-both", "tiny-8", "tiny-8-maximum",
    "tiny-8-average",
)  # fmt: skip


def learner(name):
    recipe = recipes.read(name)
    hinted = Learner(recipes.read("order")) if recipe.hinted else None
    return Learner(recipe, Learner(recipes.read(recipe.teacher)) if recipe.teacher else None, hinted)


def some_faces(count=3, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (count, 64, 64, 3), np.uint8)


@pytest.mark.parametrize("name", FORMS)
def test_torchs_kernels_compute_what_keras_does(name):
    model = learner(name).eval()
    faces = some_faces().astype(np.float32)
    expected = model.net(faces, training=False)
    expected = expected if isinstance(expected, list) else [expected]
    with torch.no_grad():
        got = model.answer(torch.from_numpy(faces).permute(0, 3, 1, 2)).outputs
    for ours, theirs in zip(got, expected, strict=True):
        theirs = theirs.detach().numpy()
        np.testing.assert_allclose(ours.numpy(), theirs, rtol=1e-3, atol=1e-3 * np.abs(theirs).max() + 1e-5)


@pytest.mark.parametrize("name", recipes.names())
def test_a_step_of_each_row_has_a_finite_loss_and_a_gradient(name):
    keras.utils.set_random_seed(0)
    model = learner(name).train()
    if recipes.read(name).protocol.epochs:
        model.begin_at(30.0)
    faces = torch.from_numpy(some_faces(16))
    ages = torch.linspace(0, 90, 16)
    loss = model.loss(faces.permute(0, 3, 1, 2).float(), ages, faces)
    loss.backward()
    assert torch.isfinite(loss)
    grads = [p.grad.abs().max() for p in model.parameters() if p.grad is not None]
    assert all(torch.isfinite(g) for g in grads)
    assert max(grads) > 0


def test_what_teachers_learnt_does_not_change_under_their_students():
    model = learner("dex-both").train()
    teacher = model._teachers["teacher"]
    before = [p.detach().clone() for p in teacher.parameters()]
    faces = torch.from_numpy(some_faces(4)).permute(0, 3, 1, 2).float()
    model.loss(faces, torch.tensor([5.0, 20, 40, 70])).backward()
    assert all(p.grad is None for p in teacher.parameters())
    assert all(torch.equal(a, b) for a, b in zip(before, teacher.parameters(), strict=True))
    assert not {id(p) for p in teacher.parameters()} & {id(p) for p in model.parameters()}


@pytest.mark.parametrize(("name", "off"), [("mobilenet", 0.5), ("c3ae", 0.5)])
def test_a_network_of_one_number_begins_at_the_labels_mean(name, off):
    model = learner(name).eval()
    model.begin_at(33.0)
    blank = torch.full((1, 3, 64, 64), 127.5)
    if name == "c3ae":  # its label is the expectation of the bins, whatever they are: between 0 and 110
        assert 0 < model(blank)[0].item() < 110
        kernel = model.net.get_layer("label").kernel.value
        assert kernel.flatten().tolist() == list(range(0, 120, 10))
    else:
        assert model.net.layers[-1].bias.value.item() == 33.0


def test_a_distributions_label_is_its_expectation_and_a_ranks_how_many_are_above():
    model = learner("tiny-8")
    logits = torch.full((1, 101), -50.0)
    logits[0, [20, 40]] = 0.0
    answer = type("A", (), {"logits": logits})
    assert model.labels(answer).item() == pytest.approx(30.0)
    ranks = torch.full((1, 100), -1.0)
    ranks[0, :42] = 1.0
    assert learner("orcnn").labels(type("A", (), {"logits": ranks})).item() == 42


def test_multiply_adds_of_mrcnn_by_hand():
    # 5×5×3·20 at 60², 7×7×20·40 at 24², 11×11×40·80 at 2², dense 320·80 and 80·1
    by_hand = 1500 * 3600 + 39200 * 576 + 387200 * 4 + 25600 + 80
    assert multiply_adds(network(recipes.read("mrcnn"))) == by_hand


def test_the_twins_trunks_are_the_students_and_do_not_learn():
    net, students = twin(), [dex(), dex()]
    begin_as(net, students)
    for name, student in zip(("first", "second"), students, strict=True):
        inner = net.get_layer(name)
        assert inner.trainable_weights == []
        ours = inner.get_layer("relu2_conv").get_weights()
        for mine, theirs in zip(ours, student.get_layer("relu2_conv").get_weights(), strict=True):
            np.testing.assert_array_equal(mine, theirs)
    assert {w.path for w in net.trainable_weights} == {"logits/kernel", "logits/bias"}
