"""How often the interval holds the truth, for a network that reads the age off the crop."""

import numpy as np

from device.age.belt import Belt
from device.age.network import Reading
from models.data.datasets import Face
from models.evaluation.intervals import intervals_report, lines

BELT = Belt(ages=(0.0, 100.0), low=(-1.0, -1.0), high=(1.0, 1.0), own=True)


class Painted:
    """Reads the age off an edge that nothing covers, and expects to be off by more under a mask."""

    def read(self, crop):
        masked = abs(int(crop[46, 32].mean()) - 128) > 10
        return Reading(float(crop[0, 32, 0]), error=8.0 if masked else 4.0)


def test_the_shares_are_of_the_faces_whose_interval_holds_their_age():
    crop = np.full((64, 64, 3), 128, np.uint8)
    crop[0] = 30
    faces = [Face("a.jpg", age) for age in (24, 28, 34, 39, 71)]
    report = intervals_report(Painted(), BELT, faces, [crop] * 5)
    assert report["bare"] == {"all": 40.0, "20s": 50.0, "30s": 50.0, "70s": 0.0, "width": 4.0}
    assert report["mask"] == {"all": 60.0, "20s": 100.0, "30s": 50.0, "70s": 0.0, "width": 8.0}
    assert report["dark"] == report["bare"]
    assert lines(report)[0] == (
        "80 % interval, bare: holds all 40.0 %, 20s 50.0 %, 30s 50.0 %, 70s 0.0 %; half of it 4.0 years"
    )
