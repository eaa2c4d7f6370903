import pytest

from device.errors import ConfigError
from device.tracks.zones import Zones


@pytest.mark.parametrize(
    ("x", "y", "inside"),
    [(0.1, 0.5, True), (0.3, 0.5, False), (0.9, 0.2, True), (0.7, 0.4, False), (0.99, 0.9, False)],
)
def test_boxes_and_polygons(x, y, inside):
    assert Zones("0 0 0.25 1; 0.6,0, 1,0, 1,0.6").covers(x, y) is inside


def test_a_hollow_polygon_leaves_its_hollow():
    horseshoe = Zones("0 0 1 0 1 1 0.7 1 0.7 0.3 0.3 0.3 0.3 1 0 1")
    assert horseshoe.covers(0.1, 0.9)
    assert horseshoe.covers(0.9, 0.9)
    assert not horseshoe.covers(0.5, 0.9)


def test_two_zones_side_by_side_share_no_point_of_their_edge():
    """The right edge and the upper one belong to a zone, the left and the lower one do not."""
    assert Zones("0 0 0.5 1").covers(0.5, 0.5)
    assert not Zones("0.5 0 1 1").covers(0.5, 0.5)
    assert Zones("0 0.5 1 1").covers(0.5, 0.5)
    assert not Zones("0 0 1 0.5").covers(0.5, 0.5)


def test_nothing_is_no_zone():
    assert Zones(" ; ").polygons == []
    assert not Zones("").covers(0.5, 0.5)


@pytest.mark.parametrize(
    "text", ["0 0 1", "0 0 1 1 0.5", "a b c d", "0 0 0.5 20", "0 0 1.5 1", "nan 0 1 1", "0 0 1 1; 5"]
)
def test_what_is_no_zone_is_refused_with_the_form(text):
    with pytest.raises(ConfigError, match=r"tracker\.ignore: .* is no zone; zones are separated by ; and"):
        Zones(text)
