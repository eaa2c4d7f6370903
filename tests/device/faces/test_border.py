"""The border around an image: what is replicated, and that coordinates are the image's own again."""

import numpy as np

from device.box import Box
from device.faces.border import detect_with_border, with_border
from device.faces.detector import Detection

IMAGE = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)


class Recorder:
    """Notes what it was shown, and finds one face at a fixed place of it."""

    def detect(self, image):
        self.shown = image.copy()
        return [Detection(Box(7.0, 6.0, 4.0, 4.0), 0.8, np.full((6, 2), 8.0, np.float32))]


def test_border_replicates_the_edges():
    framed = with_border(IMAGE, 2)
    assert framed.shape == (6, 7, 3)
    assert np.array_equal(framed[2:4, 2:5], IMAGE)
    assert framed[0, 0].tolist() == framed[2, 1].tolist() == IMAGE[0, 0].tolist()
    assert framed[5, 6].tolist() == IMAGE[1, 2].tolist()


def test_faces_are_in_pixels_of_the_image_itself():
    detector = Recorder()
    (found,) = detect_with_border(detector, IMAGE, 5)
    assert detector.shown.shape == (12, 13, 3)
    assert found.box == Box(2.0, 1.0, 4.0, 4.0)
    assert found.score == 0.8
    assert found.keypoints.dtype == np.float32
    assert found.keypoints.tolist() == [[3.0, 3.0]] * 6
