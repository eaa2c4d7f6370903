"""Soft stagewise regression against hand-worked figures, and the shipped network's form."""

import math

import numpy as np
import pytest

from device.age import network as age_module
from device.age.network import AgeNet, Reading, by_stage, flip_averaged, mean_reading, stagewise_age
from device.errors import ModelError
from device.inference.interpreter import available
from device.inference.model_files import MODELS, model_path


def stage(p, eta=(0, 0, 0), delta=0.0):
    return np.array(p, np.float32), np.array(eta, np.float32), delta


def test_the_middle_bin_of_the_first_stage_is_a_third_of_the_span():
    assert stagewise_age([stage([0, 1, 0])], span=99) == 33


def test_stages_refine_each_other():
    stages = [stage([0, 1, 0]), stage([0, 0, 1]), stage([1, 0, 0])]
    assert stagewise_age(stages, span=81) == pytest.approx(27 + 18)


def test_shift_moves_a_bin_and_scale_stretches_all_that_follow():
    assert stagewise_age([stage([0, 1, 0], eta=(0, 0.5, 0))], span=90) == pytest.approx(45)
    wide = [stage([0, 1, 0], delta=-0.5), stage([0, 1, 0])]
    assert stagewise_age(wide, span=90) == pytest.approx(60 + 20)


def test_ages_end_at_zero_and_at_the_span():
    assert stagewise_age([stage([0, 0, 9])]) == 101
    assert stagewise_age([stage([1, 0, 0], eta=(-1, 0, 0))]) == 0


@pytest.mark.parametrize("package", available())
def test_the_shipped_network_gives_an_age(package):
    net = AgeNet("age", package)
    crop = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    assert 0 <= net.estimate(crop) <= 101
    assert net.estimate(crop) == net.estimate(crop)


def test_the_shipped_network_takes_raw_bytes():
    details = AgeNet("age")._model.input
    assert details["quantization"] == (1.0, -128)
    assert details["dtype"] == np.int8


def test_a_network_of_another_form_is_refused():
    with pytest.raises(ModelError, match="not an age network"):
        AgeNet(MODELS / model_path("face-short"))


def test_a_scale_of_minus_one_is_no_division_by_zero():
    assert 0 <= stagewise_age([stage([0, 1, 0], delta=-1.0)] * 3) <= 101


def test_both_ways_is_the_mean_of_the_crop_and_its_mirror_image():
    class LeftHalf:
        def read(self, crop):
            return Reading(float(crop[:, :32].mean()))

    crop = np.zeros((64, 64, 3), np.uint8)
    crop[:, :32] = 60
    assert flip_averaged(LeftHalf(), crop).age == 30


def test_both_ways_adds_what_the_mirror_image_says():
    class LeftHalf:
        def read(self, crop):
            return Reading(float(crop[:, :32].mean()))

    crop = np.full((64, 64, 3), 20, np.uint8)
    crop[:, :32] = 60
    assert flip_averaged(LeftHalf(), crop).age == 40


def test_attributes_of_the_crop_and_its_mirror_image_are_averaged_one_by_one():
    class Two:
        def read(self, crop):
            return Reading(30.0, (1.0, -2.0)) if crop[0, 0, 0] else Reading(40.0, (3.0, -4.0))

    crop = np.zeros((64, 64, 3), np.uint8)
    crop[:, :32] = 60
    assert flip_averaged(Two(), crop)[:2] == (35.0, (2.0, -3.0))


def test_a_stage_is_at_most_128_times_as_wide():
    share = [stage([0, 1 / 128, 0], delta=-1.0)]
    assert stagewise_age(share, span=99) == pytest.approx(33)


def test_a_stage_s_parts_must_fit_each_other():
    with pytest.raises(ValueError, match="shorter"):
        stagewise_age([stage([0, 1, 0], eta=(0, 0))])
    with pytest.raises(ValueError, match="shorter"):
        by_stage([[1.0]] * 8)


def test_nine_tensors_are_three_stages():
    tensors = [[1], [2], [3], [4], [5], [6], [7], [8], [9]]
    assert by_stage(tensors) == [([1], [2], 3), ([4], [5], 6), ([7], [8], 9)]


class Scripted:
    """A network with literal tensors, which keeps what it was given."""

    package = "scripted"

    def __init__(self, shape=(1, 64, 64, 3), outputs=9):
        self.input_shape = shape
        self.outputs = [{"quantization": (0.5, -2)}] * outputs
        self.tensors = [np.array([values], np.int8) for values in ([-2, 0, -2], [-2, -1, -2], [-2])]
        self.seen = self.asked = None

    def __call__(self, *asked):
        self.asked = asked
        return self

    def run(self, tensor, first):
        self.seen = tensor.copy()
        tenth = [np.array([[0, 2, -4, -2, 6, 8]], np.int8)]
        return (self.tensors * 3 + tenth * (len(self.outputs) - 9))[:first]


@pytest.fixture
def network(monkeypatch):
    network = Scripted()
    monkeypatch.setattr(age_module, "Model", network)
    return network


def test_the_network_is_given_the_crop_s_bytes_less_128(network):
    crop = np.zeros((64, 64, 3), np.uint8)
    crop[0, 0], crop[1, 0], crop[63, 63] = (128, 129, 255), (1, 127, 64), (200, 100, 0)
    AgeNet(b"graph").outputs(crop)
    assert network.seen.dtype == np.int8
    assert (network.seen[0] == crop.astype(int) - 128).all()


def test_values_are_the_bytes_less_the_zero_point_times_the_scale(network):
    net = AgeNet(b"graph")
    crop = np.zeros((64, 64, 3), np.uint8)
    assert net.values(crop) == [[0.0, 1.0, 0.0], [0.0, 0.5, 0.0], [0.0]] * 3
    assert net.estimate(crop) == pytest.approx(101 * 1.5 * (1 / 3 + 1 / 9 + 1 / 27))


def test_one_thread_and_the_first_interpreter_by_default(network):
    net = AgeNet(b"graph")
    assert network.asked == (b"graph", "auto", 1)
    assert (net.path, net.package) == (None, "scripted")
    assert AgeNet("age").path == model_path("age")


def test_an_output_too_few_is_no_age_net(network):
    net = AgeNet(b"graph")
    network.tensors = network.tensors[:2]
    with pytest.raises(ValueError, match="longer"):
        net.values(np.zeros((64, 64, 3), np.uint8))


@pytest.mark.parametrize("other", [Scripted(shape=(1, 32, 32, 3)), Scripted(outputs=8)])
def test_another_input_or_another_number_of_outputs_is_refused(monkeypatch, other):
    monkeypatch.setattr(age_module, "Model", other)
    with pytest.raises(ModelError, match=r"^this model: not an age network"):
        AgeNet(b"graph")
    with pytest.raises(ModelError, match=r"age\.tflite: not an age network"):
        AgeNet("age")


def test_a_tenth_output_is_the_attributes(monkeypatch):
    monkeypatch.setattr(age_module, "Model", Scripted(outputs=10))
    net = AgeNet(b"graph")
    reading = net.read(np.zeros((64, 64, 3), np.uint8))
    assert net.has_attributes
    assert reading.age == pytest.approx(101 * 1.5 * (1 / 3 + 1 / 9 + 1 / 27))
    assert reading.attributes == (1.0, 2.0, -1.0, 0.0, 4.0, 5.0)
    assert reading.error == pytest.approx(math.exp(5.0))


def test_of_two_readings_the_mean_and_the_middle_of_the_expected_errors():
    assert mean_reading(Reading(30.0, (1.0, -2.0), 2.0), Reading(34.0, (2.0, 0.0), 8.0)) == (
        32.0, (1.5, -1.0), pytest.approx(4.0),
    )  # fmt: skip


def test_attributes_that_nobody_wants_are_not_told(monkeypatch):
    monkeypatch.setattr(age_module, "Model", Scripted(outputs=10))
    net = AgeNet(b"graph", attributes=False)
    crop = np.zeros((64, 64, 3), np.uint8)
    assert net.has_attributes  # the file could tell
    assert net.read(crop) == AgeNet(b"graph").read(crop)._replace(attributes=())


def test_a_network_without_a_tenth_output_has_no_attributes(network):
    net = AgeNet(b"graph")
    assert not net.has_attributes
    assert net.read(np.zeros((64, 64, 3), np.uint8))[1:] == ((), 1.0)
