import numpy as np
import pytest

from device.box import Box
from device.budget.timing import Timings
from device.config import loader
from device.outputs.dispatcher import Dispatcher
from device.person import Person

SIZE = (320, 240)
ANNA = Person(1, Box(100.0, 80.0, 80.0, 80.0), 0.9, age=30.0, interval=(26.0, 34.0), state="settled")


class Screen:
    def __init__(self, name="screen", optional=False, watched=True):
        self.name, self.optional, self.watched = name, optional, watched
        self.shown, self.closed = [], False

    def wanted(self):
        return self.watched

    def show(self, image, persons, t):
        self.shown.append(image.copy())

    def close(self):
        self.closed = True


def picture(*outputs):
    return Dispatcher(loader.defaults(), SIZE, list(outputs), Timings())


@pytest.fixture
def image():
    return np.full((SIZE[1], SIZE[0], 3), 90, np.uint8)


def test_the_overlay_is_drawn_in_place_and_shown_on_every_screen(image):
    one, two = Screen(), Screen()
    shown = picture(one, two)
    drawn = shown.draw(image, True, [ANNA], 0.0)
    assert drawn is image
    shown.dispatch(drawn, [ANNA], 0.0)
    assert (one.shown[0] != 90).any()
    assert np.array_equal(one.shown[0], two.shown[0])


def test_a_frame_that_is_still_being_looked_at_is_copied(image):
    drawn = picture(Screen()).draw(image, False, [ANNA], 0.0)
    assert drawn is not image
    assert (image == 90).all()
    assert (drawn != 90).any()


def test_nothing_is_drawn_for_nobody(image):
    assert picture(Screen(watched=False)).draw(image, True, [ANNA], 0.0) is None
    assert (image == 90).all()


def test_only_screens_with_viewers_are_served(image):
    watched, other = Screen(), Screen(watched=False)
    shown = picture(watched, other)
    shown.dispatch(shown.draw(image, True, [], 0.0), [], 0.0)
    assert (len(watched.shown), len(other.shown)) == (1, 0)


def test_without_any_output_pictures_are_finished_all_the_same(image):
    assert picture().draw(image, True, [ANNA], 0.0) is image


def test_a_half_rate_picture_shows_every_other_frame(image):
    shown = picture(Screen())
    shown.half_rate = True
    assert [shown.draw(image, True, [], 0.0) is None for _ in range(4)].count(True) == 2


def test_a_silent_camera_is_a_dark_picture_with_the_notice():
    screen = Screen()
    shown = picture(screen)
    shown.notice = "No picture from the camera"
    shown.show_waiting(0.0)
    assert screen.shown[0][:100].max() < 30
    assert screen.shown[0].max() > 100


def test_shedding_closes_what_is_optional_and_names_it(image):
    page, window = Screen("web", optional=True), Screen("window")
    shown = picture(page, window)
    assert shown.shed() == ["web"]
    assert page.closed
    shown.dispatch(shown.draw(image, True, [], 0.0), [], 0.0)
    assert (len(page.shown), len(window.shown)) == (0, 1)
    shown.close()
    assert window.closed


def test_the_rate_changes_once_a_second(monkeypatch, image):
    now = [0.0]
    monkeypatch.setattr("device.outputs.dispatcher.time.monotonic", lambda: now[0])
    shown, rates = picture(), set()
    for frame in range(1, 100):
        now[0] = frame / 25
        shown.draw(image, True, [], 0.0)
        rates.add(round(shown._rate, 1))
    assert len(rates) <= 4
    assert shown._rate == pytest.approx(25, rel=0.05)
