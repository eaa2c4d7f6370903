"""What the detector learns from: which anchors answer, how heads are pasted, and what is kept."""

import numpy as np
import pytest

from device.box import Box
from models.data import scenes
from models.data.face_pictures import Pictures, _paste, _similarity, answering, look_width
from models.data.face_windows import Sighting
from models.data.other_cameras import WAYS, disturbed
from models.data.samples import ANCHORS, read_samples, write_samples
from models.data.scenes import Known, Scene, demo_scenes


@pytest.mark.parametrize(
    ("width", "fine", "coarse"),
    [(20, 8, 0), (40, 4, 4), (50, 4, 8), (70, 0, 12), (90, 0, 16), (150, 0, 24)],
)
def test_wide_faces_are_answered_for_by_the_coarse_anchors(width, fine, coarse):
    """Of the four cells about (64, 64), and of each as many anchors as take a face of the width."""
    own = answering(np.abs(ANCHORS - (64, 64)).max(1), width)
    assert (own[:512].sum(), own[512:].sum()) == (fine, coarse)


def test_a_far_face_s_look_is_wider_than_its_close_up():
    assert [look_width(width) for width in (10, 43, 60)] == pytest.approx([13.5, 43, 60])


def test_two_points_are_taken_to_two_others_without_a_mirror():
    onto = _similarity(np.array([[0, 0], [10, 0]]), np.array([[5, 5], [5, 25]]))
    np.testing.assert_allclose(onto, [[0, -2, 5], [2, 0, 5]], atol=1e-9)


def chip():
    points = np.array([[40, 40], [60, 40], [50, 50], [50, 60], [30, 45], [70, 45]], float)
    return Sighting(np.full((100, 100, 3), 200, np.uint8), points, Box(30, 30, 40, 40), chip=True)


def test_a_head_is_pasted_where_its_keypoints_are_said_to_be():
    picture = np.zeros((300, 300, 3), np.uint8)
    onto = np.array([[1.0, 0, 100], [0, 1.0, 50]])
    known = _paste(np.random.default_rng(1), picture, chip(), onto, True)
    assert known.box == Box(130, 80, 40, 40)
    assert known.keypoints[0].tolist() == [140, 90]
    assert picture[98, 150].tolist() == [200, 200, 200]
    assert not picture[:, :95].any()
    in_disorder = _paste(np.random.default_rng(1), picture, chip(), onto, False)
    assert in_disorder is None


def test_what_lies_below_a_face_is_its_body():
    head = Known(np.zeros((6, 2)), Box(100, 100, 50, 50), sure=True)
    below, beside = (Known(np.zeros((6, 2)), Box(x, 200, 40, 40), sure=False) for x in (110, 250))
    assert scenes._on_body(below, [head, below])
    assert not scenes._on_body(beside, [head, beside])
    assert not scenes._on_body(below, [below])


def test_every_way_of_another_camera_changes_the_picture_and_keeps_its_form(monkeypatch):
    picture = np.random.default_rng(0).integers(0, 256, (60, 80, 3), np.uint8)
    for way in WAYS:
        monkeypatch.setattr("models.data.other_cameras.WAYS", {way: 1.0})
        seen = disturbed(np.random.default_rng(1), picture, Box(30, 20, 20, 20))
        assert (seen.shape, seen.dtype) == ((60, 80, 3), np.uint8)
        assert (seen != picture).any(), way


def test_a_drawn_sample_says_where_the_face_is_and_comes_back_from_its_file(tmp_path):
    pictures = Pictures(demo_scenes(600), [])
    write_samples(pictures.draw, 6, 1, tmp_path / "samples")
    kept, rng = read_samples(tmp_path / "samples"), np.random.default_rng(1)
    faces = 0
    for number in range(6):
        sample = pictures.draw(rng)
        for name, value in sample._asdict().items():
            np.testing.assert_array_equal(getattr(kept, name)[number], value)
        for anchor, place in zip(sample.anchors, sample.places, strict=True):
            if anchor >= 0 and sample.chances[anchor] == 1:
                eyes = place[4:8].reshape(2, 2) + ANCHORS[anchor]
                middle = place[:2] + ANCHORS[anchor]
                assert np.abs(eyes.mean(0) - middle).max() < place[16]
                faces += 1
    assert faces > 0
    assert not (tmp_path / "samples.part").exists()


def test_an_unsure_place_is_not_judged():
    """What may be a face teaches nothing, neither that it is one nor that it is none."""
    picture = np.random.default_rng(0).integers(0, 256, (128, 128, 3), np.uint8)
    pictures = Pictures([Scene(picture, [])], [])
    unsure = Known(np.zeros((6, 2)), Box(48, 48, 32, 32), sure=False)
    chances, anchors, _ = pictures._answers(picture, [unsure], (0, 0, 128, 128))
    near = np.abs(ANCHORS - (64, 64)).max(1) < 0.9 * 32 + 8
    assert np.isnan(chances[near]).all()
    assert not np.isnan(chances[~near]).any()
    assert set(anchors) == {-1}
