"""Which crops a capture keeps."""

from calibration.site.diversity import MAX_OF_A_KIND, MIN_INTERVAL_S, Diversity, kind_of
from device.faces.exposure_check import Measures
from device.faces.quality import Quality

QUALITY = Quality(size=40, sharpness=-0.5, yaw=0.0, roll=0.0, score=0.9, brightness=0.5, contrast=0.2)
MEASURES = Measures(brightness=0.5, sharpness=-0.7, red=0.3, blue=-0.2)


def test_takes_few_of_a_kind():
    diversity = Diversity()
    taken = [diversity.accept(1, QUALITY, MEASURES, t) for t in range(10)]
    assert taken == [True] * MAX_OF_A_KIND + [False] * (10 - MAX_OF_A_KIND)


def test_waits_between_two_of_one_person():
    diversity = Diversity()
    assert diversity.accept(1, QUALITY, MEASURES, 0.0)
    assert not diversity.accept(1, QUALITY, MEASURES, MIN_INTERVAL_S / 2)
    assert diversity.accept(2, QUALITY, MEASURES, MIN_INTERVAL_S / 2)


def test_small_faces_are_left_out():
    assert not Diversity().accept(1, QUALITY._replace(size=5), MEASURES, 0.0)


def test_kinds_differ_by_distance_light_and_pose():
    plain = kind_of(1, QUALITY, MEASURES)
    assert kind_of(1, QUALITY._replace(size=80), MEASURES) != plain
    assert kind_of(1, QUALITY._replace(yaw=0.3), MEASURES) != plain
    assert kind_of(1, QUALITY, MEASURES._replace(brightness=0.2)) != plain
    assert kind_of(1, QUALITY._replace(score=0.6), MEASURES) == plain


def test_counts():
    diversity = Diversity()
    diversity.accept(1, QUALITY, MEASURES, 0)
    diversity.accept(2, QUALITY, MEASURES._replace(brightness=0.2), 0)
    assert diversity.counts() == {"people": 2, "distances": 1, "lights": 2}
