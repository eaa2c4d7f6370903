import numpy as np
import pytest

from device.age.network import Reading
from device.bench.synthetic_detector import Crowd, grid
from device.box import Box
from device.budget.timing import Timings
from device.config import loader
from device.faces.detector import Detection
from device.faces.refiner import Refined
from device.frame import Frame
from device.pipeline.pipeline import Vision

SIZE = (640, 480)
FPS = 30.0


class Nothing:
    """A detector for which `Crowd` answers."""

    def detect(self, image, picture_size=None):
        return []

    def close_up(self, image, box):
        return None


class Scale:
    """An age network that reads ages off the picture: its brightness."""

    has_attributes = False

    def __init__(self):
        self.calls = 0

    def read(self, crop):
        assert crop.shape == (64, 64, 3)
        self.calls += 1
        return Reading(float(crop.mean()))


def vision(faces=1, detector=None, net=None, **schedule):
    # the errors of scale.tflite nobody has measured: what it says is what is shown
    settings = loader.changed(
        loader.defaults(), tracker={"max_tracks": 32}, age={"model": "scale.tflite"}, schedule=schedule
    )
    detector = detector or Crowd(Nothing(), faces, SIZE)
    return Vision(settings, SIZE, FPS, Timings(), detector, net or Scale())


def film(eyes, frames, start=0, grey=40):
    frame = Frame(SIZE)
    frame.image.fill(grey)
    persons = []
    for index in range(start, start + frames):
        frame.index, frame.time = index, index / FPS
        persons.append(eyes.process(frame))
    return persons


@pytest.mark.parametrize("faces", [1, 4, 16, 32])
def test_everybody_is_seen_estimated_and_keeps_the_identity(faces):
    seen = film(vision(faces), 45)
    assert {person.id for persons in seen for person in persons} == set(range(1, faces + 1))
    assert len(seen[-1]) == faces
    assert all(person.age == pytest.approx(40.0, abs=0.5) for person in seen[-1])


def test_this_frame_s_own_estimate_is_given_where_there_is_one():
    seen = film(vision(settled_every_s=0.5), 90)
    raws = [persons[0].raw for persons in seen if persons]
    assert raws[0] == pytest.approx(40.0, abs=0.5)
    assert None in raws


def test_a_settled_face_costs_few_estimates():
    net = Scale()
    eyes = vision(net=net)
    film(eyes, 150)
    before = net.calls
    film(eyes, 90, start=150)
    assert net.calls - before <= 2 * 7  # each estimate is made both ways


def test_nobody_is_nobody():
    assert film(vision(detector=Nothing()), 10) == [[]] * 10


def test_what_a_close_up_does_not_confirm_is_no_person():
    class Print(Nothing):
        def detect(self, image, picture_size=None):
            return Crowd(Nothing(), 1, SIZE)._found

    assert film(vision(detector=Print()), 30) == [[]] * 30


def test_the_crop_is_cut_where_a_close_up_has_the_eyes():
    class Eyes(Nothing):
        def detect(self, image, picture_size=None):
            return Crowd(Nothing(), 1, SIZE)._found

        def close_up(self, image, box):
            return Detection(box, 0.9, np.float32([[300, 200], [340, 200]] + [[320, 220]] * 4))

    frame = Frame(SIZE)
    frame.image[:] = 90
    frame.image[150:300, 250:390] = 40  # all that a crop with these eyes shows
    eyes = vision(detector=Eyes())
    for frame.time in (0.0, 0.1, 0.2):
        persons = eyes.process(frame)
    assert persons[0].raw == pytest.approx(40.0, abs=0.5)


def test_there_is_no_estimate_of_a_face_that_a_close_up_does_not_show():
    class Hidden(Crowd):
        hidden = False

        def close_up(self, image, box):
            return None if self.hidden else super().close_up(image, box)

    detector = Hidden(Nothing(), 1, SIZE)
    eyes = vision(detector=detector)
    film(eyes, 10)
    detector.hidden = True
    film(eyes, 8, start=10)  # as long as the last one holds
    assert [persons[0].raw for persons in film(eyes, 10, start=18)] == [None] * 10


class Counting(Nothing):
    """Counts its close-ups."""

    close_ups = 0

    def close_up(self, image, box):
        self.close_ups += 1


def close_ups_a_frame(faces, frames, after=30):
    """How many are made on each frame after so many, with every age estimated on every frame."""
    counting = Counting()
    eyes = vision(
        detector=Crowd(counting, faces, SIZE), frame_budget_ms=1000.0, detect_every=1, settled_every_s=0.0
    )
    film(eyes, after)
    counts = []
    for index in range(after, after + frames):
        before = counting.close_ups
        film(eyes, 1, start=index)
        counts.append(counting.close_ups - before)
    return counts


def test_a_close_up_of_a_new_face_is_used_again_for_a_fifth_of_a_second():
    assert 3 <= sum(close_ups_a_frame(1, 20, after=3)) <= 5


def test_one_of_a_settled_face_is_used_again_for_a_second():
    assert 2 <= sum(close_ups_a_frame(1, 90)) <= 4


def test_the_close_ups_of_a_crowd_are_spread_over_the_frames():
    counts = close_ups_a_frame(16, 60)
    assert max(counts) <= 6


def test_a_new_face_s_first_estimate_uses_the_close_up_that_confirmed_it():
    counting = Counting()
    assert film(vision(detector=Crowd(counting, 1, SIZE)), 2)[1][0].raw is not None
    assert counting.close_ups == 2  # on both frames to confirm it


def test_a_settled_face_is_estimated_one_way_at_a_time():
    class Sides(Scale):
        """Tells the picture from its mirror image."""

        def read(self, crop):
            return Reading(30.0 if crop[0, 0, 0] < crop[0, -1, 0] else 34.0)

    eyes = vision(net=Sides(), detect_every=1, settled_every_s=0.0)
    frame = Frame(SIZE)
    frame.image[:] = np.linspace(0, 255, SIZE[0], dtype=np.uint8)[None, :, None]
    raws = []
    for index in range(90):
        frame.time = index / FPS
        raws += [person.raw for person in eyes.process(frame)]
    assert raws[0] == 32.0
    assert sorted(raws[-2:]) == [30.0, 34.0]


def test_without_time_for_close_ups_one_new_face_a_frame_gets_one(monkeypatch):
    monkeypatch.setattr("device.pipeline.pipeline.CLOSE_UP_SHARE", -1.0)
    seen = film(vision(4), 12)
    assert [len(persons) for persons in seen if persons][:4] == [1, 2, 3, 4]


def test_the_detector_sees_the_small_picture_where_there_is_one():
    shapes = []

    class Watching(Nothing):
        def detect(self, image, picture_size=None):
            shapes.append((image.shape, picture_size))
            return []

    frame = Frame(SIZE, (256, 192))
    vision(detector=Watching()).process(frame)
    assert shapes == [((192, 256, 3), SIZE)]


def test_a_face_at_the_edge_and_one_without_extent_do_no_harm():
    class Edge(Nothing):
        def detect(self, image, picture_size=None):
            keypoints = np.zeros((6, 2), np.float32)
            return [
                Detection(Box(-50.0, -50.0, 60.0, 60.0), 0.9, keypoints),
                Detection(Box(300.0, 200.0, 0.5, 0.5), 0.9, keypoints + 300),
            ]

        def close_up(self, image, box):
            return Detection(box, 1.0, np.zeros((6, 2), np.float32))

    film(vision(detector=Edge()), 20)


def test_the_stages_are_timed():
    eyes = vision()
    film(eyes, 10)
    assert set(eyes._stages.milliseconds()) == {"detect", "track", "age"}


@pytest.mark.parametrize("faces", [1, 4, 16, 32])
def test_a_crowd_fits_the_picture_side_by_side(faces):
    boxes = grid(faces, SIZE)
    assert len(boxes) == faces
    assert all(box.clipped(*SIZE) == pytest.approx(box) for box in boxes)
    assert all(a.iou(b) == 0 for a in boxes for b in boxes if a is not b)


class Pointer:
    """A refiner that sees the eyes at fixed places, as surely as it is told."""

    def __init__(self, score=1.0):
        self.score, self.calls = score, 0

    def refine(self, image, box):
        self.calls += 1
        keypoints = np.full((6, 2), 100, np.float32)
        keypoints[:2] = (300, 200), (340, 200)
        return Refined(keypoints, self.score, 0.0, 0.0)


def refined(score):
    """A film with a refiner of such a score: the crops' eyes, close-ups made and refinements."""
    made, eyes = vision(settled_every_s=0.0, detect_every=1), []
    made._refiner, cut = Pointer(score), made._cropper.cut
    made._cropper.cut = lambda image, points, out: eyes.append(points.tolist()) or cut(image, points, out)
    film(made, 30)
    return eyes, made._close_ups._made, made._refiner.calls


def test_the_refiner_places_every_estimate_and_close_ups_prove_the_face():
    eyes, close_ups, refinements = refined(1.0)
    assert close_ups == 2  # on the frames until it is confirmed
    assert refinements == len(eyes) >= 25
    assert eyes[0] == eyes[-1] == [[300, 200], [340, 200]]


def test_what_the_refiner_sees_no_face_in_has_no_estimate():
    eyes, _, refinements = refined(0.4)
    assert eyes == []
    assert refinements >= 25


class Beside:
    """A detector that sees one face twice, the second time a quarter of its width to the right."""

    def __init__(self):
        self._once, self._beside = Box(200, 150, 66, 66), Box(217, 150, 66, 66)
        self._looks = 0

    def detect(self, image, picture_size=None):
        self._looks += 1
        return [_face(self._once)] if self._looks < 9 else [_face(self._once), _face(self._beside, 0.3)]

    def close_up(self, image, box):
        return _face(Box(208, 155, 50, 50))


def _face(box, score=0.9):
    return Detection(box, score, np.full((6, 2), 225, np.float32))


def test_a_face_seen_twice_is_one_person(monkeypatch):
    monkeypatch.setattr("device.tracks.tracker.DUPLICATE_IOU", 0.9)  # leave it to the close-up
    seen = film(vision(detector=Beside(), detect_every=1), 40)
    assert {len(persons) for persons in seen[10:]} == {1}
