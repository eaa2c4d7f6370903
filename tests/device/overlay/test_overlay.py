import numpy as np
import pytest

from device.box import Box
from device.config.loader import changed, defaults
from device.overlay.overlay import Overlay, Status, declared_bytes
from device.person import Person

SIZE = (640, 480)


def overlay(show="age", line=False, size=SIZE):
    return Overlay(size, changed(defaults(), overlay={"show": show, "status": line}))


def person(
    number=1, box=(280.0, 200.0, 90.0, 90.0), age=34.2, interval=(31.4, 38.0), band="25–34", state="settled"
):
    return Person(number, Box(*box), 0.9, None, age, interval, band, state)


def drawn(persons, status=Status(), size=SIZE, grey=90, **options):  # noqa: B008
    image = np.full((size[1], size[0], 3), grey, np.uint8)
    overlay(size=size, **options).draw(image, persons, status)
    return image


def touched(image, grey=90):
    """(left, top, right, bottom) of what was drawn, or None."""
    rows, columns = np.nonzero((image != grey).any(axis=2))
    return (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1) if len(rows) else None


def test_nothing_is_drawn_for_nobody():
    assert touched(drawn([])) is None


def test_a_face_gets_a_bracket_around_it_and_a_label_above():
    image = drawn([person()])
    left, top, right, bottom = touched(image)
    assert left < 280
    assert right > 370
    assert 285 < bottom < 315
    assert 130 < top < 175
    assert (image[210:280, 290:360] == 90).all()  # the face itself stays as it is


@pytest.mark.parametrize("grey", [0, 128, 255])
def test_label_stands_out_on_dark_and_on_bright_pictures(grey):
    label = drawn([person()], grey=grey)[150:180, 300:350].max(axis=2)
    assert int(label.max()) - int(label.min()) > 150


@pytest.mark.parametrize(
    ("size", "width"), [((320, 240), 142), ((640, 480), 122), ((1280, 720), 122), ((1920, 1080), 122)]
)
def test_everything_grows_with_the_picture(size, width):
    unit = size[1] / 480
    box = (0.4 * size[0], 0.5 * size[1], 90 * unit, 90 * unit)
    left, top, right, bottom = touched(drawn([person(box=box)], size=size))
    assert (right - left) / unit == pytest.approx(width, abs=6)  # letters stay legible in small pictures
    assert (bottom - top) / unit == pytest.approx(150, abs=24)


def test_the_bracket_of_a_lost_face_is_faint_and_its_age_can_still_be_read():
    lost, settled = (drawn([person(state=state, interval=None)]) for state in ("lost", "settled"))
    assert np.abs(lost[180:].astype(int) - 90).sum() < 0.5 * np.abs(settled[180:].astype(int) - 90).sum()
    assert 180 < lost[140:175].max() < settled[140:175].max()


def test_age_or_band_as_configured():
    number, band = drawn([person()]), drawn([person()], show="band")
    assert not np.array_equal(number, band)
    assert np.array_equal(band, drawn([person(age=31.0, interval=(30.0, 32.0))], show="band"))


@pytest.mark.parametrize("show", ["age", "band"])
@pytest.mark.parametrize("word", [{"gender": "female"}, {"glasses": "dark"}, {"cover": "mouth"}])
def test_what_is_known_beside_the_age_stands_after_it(show, word):
    plain, told = (drawn([one], show=show) for one in (person(), person()._replace(**word)))
    assert touched(told)[2] - touched(told)[0] > touched(plain)[2] - touched(plain)[0] + 10
    silent = person()._replace(gender="unsure", glasses="none", cover="none")
    assert (drawn([silent], show=show) == plain).all()
    unknown = person(age=None, interval=None, band=None, state="finding")
    assert (drawn([unknown._replace(**word)], show=show) == drawn([unknown], show=show)).all()


def test_an_age_of_too_many_bands_is_a_question_mark():
    unsure, waiting = person(band="unsure"), person(age=None, interval=None, band=None, state="settled")
    assert not np.array_equal(drawn([unsure], show="band"), drawn([waiting], show="band"))
    assert np.array_equal(drawn([unsure], show="band"), drawn([person(band="unsure", age=70.0)], show="band"))


def test_no_number_is_shown_where_a_band_is_asked_for():
    """Bands may be chosen so that nobody's age stands on a public screen: not for a moment."""
    waiting = person(band=None, state="settling")
    unknown = person(age=None, interval=None, band=None, state="settling")
    assert np.array_equal(drawn([waiting], show="band"), drawn([unknown], show="band"))


def test_the_ring_of_a_face_without_an_age_turns():
    someone = person(age=None, interval=None, band=None, state="finding")
    assert not np.array_equal(drawn([someone]), drawn([someone], Status(t=0.5)))
    assert np.array_equal(drawn([person()]), drawn([person()], Status(t=0.5)))


def test_status_line_says_people_rate_and_notice_and_can_be_switched_off():
    bare = touched(drawn([], line=True))
    full = touched(drawn([], Status(29.8, "camera lost – retrying"), line=True))
    assert bare[0] == full[0] < 12
    assert full[2] > 2 * bare[2]
    assert full[1] > 440
    assert touched(drawn([], Status(29.8, "camera lost – retrying"))) is None


def test_letters_that_the_font_lacks_do_no_harm():
    assert touched(drawn([], Status(notice="Kamera weg 相机 \n"), line=True))


@pytest.mark.parametrize(
    "box",
    [
        (-60.0, -60.0, 90.0, 90.0),
        (600.0, 440.0, 90.0, 90.0),
        (-900.0, 100.0, 90.0, 90.0),
        (0.0, 0.0, 640.0, 480.0),
        (300.0, 200.0, 4.0, 4.0),
        (-200.0, -200.0, 2000.0, 2000.0),
    ],
)
def test_faces_at_and_beyond_the_border_and_of_any_size(box):
    image = drawn([person(box=box)])
    assert touched(image)


def test_drawing_the_same_again_allocates_nothing_that_stays():
    import tracemalloc

    image, view = np.zeros((480, 640, 3), np.uint8), overlay(line=True)
    people = [person(number, (40.0 * number, 200.0, 30.0, 30.0)) for number in range(8)]
    view.draw(image, people, Status(30.0))
    tracemalloc.start()
    view.draw(image, people, Status(30.0))  # what it holds from here on is counted, too
    before = tracemalloc.get_traced_memory()[0]
    for _ in range(50):
        view.draw(image, people, Status(30.0))
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < 10_000


def test_what_is_held_stays_below_what_is_declared():
    import tracemalloc

    image = np.zeros((480, 640, 3), np.uint8)
    tracemalloc.start()
    view = overlay(line=True)
    for number in range(120):
        state = ("finding", "settling", "settled", "lost")[number % 4]
        age = None if state == "finding" else number / 4
        size = 10.0 + number % 200
        view.draw(
            image,
            [person(number, (200.0, 200.0, size, size), age, (0.0, number % 9), None, state)],
            Status(number % 60, "a notice", number / 30),
        )
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert held < declared_bytes(SIZE)


def test_in_a_crowd_labels_change_a_few_at_a_time():
    boxes = [(90.0 * number, 200.0, 60.0, 60.0) for number in range(1, 7)]
    persons = [person(number, box, state="settling") for number, box in enumerate(boxes, start=1)]
    later = [one._replace(age=50.0, state="settled") for one in persons]
    drawing, image = overlay(), np.zeros((480, 640, 3), np.uint8)
    said = []
    for shown in (persons, later, later):
        drawing.draw(image, shown)
        said.append([words[0] for words in drawing._texts.values()])
    assert said == [["34"] * 6, ["50"] * 4 + ["34"] * 2, ["50"] * 6]


@pytest.mark.parametrize("text", ["1/12  Stand 1 m away", "6/12  1 m: turn your head left, right  ·  in 8 s"])
def test_a_headline_is_as_large_as_fits_in_the_middle_of_the_top(text):
    left, top, right, bottom = touched(drawn([], Status(headline=text)))
    assert left >= 0
    assert abs(left + right - SIZE[0]) <= 2
    assert right - left > 0.5 * SIZE[0]
    assert 0 < top < bottom < 0.2 * SIZE[1]
