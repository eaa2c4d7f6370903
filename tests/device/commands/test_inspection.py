import numpy as np
import pytest

from device.box import Box
from device.commands.inspection import AMBER, GREEN, RED, Stillness, check, drawing, write
from device.errors import ConfigError
from device.faces.detector import Detection
from device.tracks.zones import Zones

GREY = np.full((120, 200, 3), 90, np.uint8)


def face(x, y, side=30):
    return Detection(Box(x, y, side, side), 0.9, np.full((6, 2), (x + 15, y + 15), np.float32))


def test_faces_ignored_ones_and_those_that_do_not_move_have_their_colours():
    faces = [face(20, 40), face(80, 40), face(150, 40)]
    drawn = drawing(GREY, faces, Zones("0 0 0.3 1"), [Box(80, 40, 30, 30)])
    assert [drawn[70, x].tolist() for x in (35, 95, 165)] == [list(RED), list(AMBER), list(GREEN)]
    assert drawn[100, 30].tolist() == pytest.approx([0.75 * 90 + 0.25 * part for part in RED], abs=1)
    assert drawn[100, 120].tolist() == [90, 90, 90]
    assert (GREY == 90).all()


def test_what_stays_where_it_is_for_seconds_does_not_move():
    watched = Stillness(2.0)
    for index in range(40):
        watched.observe([face(20, 40), face(80 + index, 40)], index / 10)
    assert watched.boxes
    assert set(watched.boxes) == {Box(20, 40, 30, 30)}


def test_a_name_without_an_ending_for_pictures_is_refused():
    with pytest.raises(ConfigError, match=r"--picture a\.txt: cannot be written; give a name that ends in"):
        check("a.txt")


def test_a_place_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="cannot be written"):
        write(str(tmp_path / "none" / "a.png"), GREY, [], Zones(""), [])
