"""People, watchers, dwell, attention and bands, by literal traces and by sums of them."""

import json
import threading
from contextlib import ExitStack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.app.application import Run
from device.audience.audience import Audience
from device.audience.messages import Messages
from device.audience.totals import Totals, between, scalar
from device.audience.visits import band_weights
from device.person import UNSURE
from tests.device.audience.film import ADULT, LABELS, STEP, Film, person, settings
from tests.device.audience.literal import hour


@pytest.fixture
def film():
    return Film()


def test_one_person_who_looks_for_a_while(film):
    film.play(4.0, person(yaw=0.4)).play(6.0, person(**ADULT)).play(5.0)
    assert film.hour["people"] == 1
    assert film.hour["watchers"] == 1
    assert film.hour["dwell_s"] == {
        "sum": 9.88,  # 9.875: nothing is known before the first frame
        "mean": 9.88,
        "bins": {"0-5": 0, "5-15": 1, "15-30": 0, "30-60": 0, "60+": 0},
    }
    assert film.hour["attention_s"]["sum"] == 6.0
    assert film.hour["bands"] == dict.fromkeys(LABELS, 0) | {"25–34": 1}


@pytest.mark.parametrize(("seconds", "people"), [(1.0, 0), (1.125, 1)])
def test_a_second_in_view_makes_one_of_the_people(film, seconds, people):
    film.play(seconds, person()).play(5.0)  # the first frame of a track has no length yet
    assert film.hour["people"] == people


@pytest.mark.parametrize(("seconds", "watchers"), [(0.375, 0), (0.5, 1)])
def test_half_a_second_towards_the_screen_makes_a_watcher(film, seconds, watchers):
    film.play(2.0, person(yaw=-0.26)).play(seconds, person(yaw=-0.25)).play(2.0, person(yaw=None)).play(5.0)
    assert (film.hour["people"], film.hour["watchers"]) == (1, watchers)
    assert film.hour["attention_s"]["sum"] == (0.5 if watchers else 0.0)


@pytest.mark.parametrize(
    ("seconds", "bin"), [(4.0, "0-5"), (5.125, "5-15"), (15.125, "15-30"), (30.125, "30-60"), (60.125, "60+")]
)
def test_visits_fall_into_bins(film, seconds, bin):
    film.play(seconds, person()).play(5.0)
    assert [name for name, n in film.hour["dwell_s"]["bins"].items() if n] == [bin]
    assert [name for name, n in film.hour["attention_s"]["bins"].items() if n] == [bin]


def test_who_never_settled_is_of_unknown_age(film):
    film.play(2.0, person(age=30.0, band="25–34", state="settling"))
    assert film.hour["bands"] == dict.fromkeys(LABELS, 0)  # the visit goes on: it may be known yet
    assert film.now["bands"]["unknown"] == 1
    film.play(5.0)
    assert film.hour["bands"]["unknown"] == film.hour["bands_weighted"]["unknown"] == 1


def test_a_band_is_counted_once_though_the_age_moves(film):
    film.play(2.0, person(**ADULT)).play(2.0, person(age=40.0, band="35–44", state="settled")).play(5.0)
    assert film.hour["bands"] == dict.fromkeys(LABELS, 0) | {"25–34": 1}


def test_the_words_are_counted_with_the_band_and_once():
    film = Film(age={"gender": True})
    unknown, settled = {**ADULT, "state": "settling"}, ADULT
    film.play(2.0, person(gender="male", **unknown)).play(2.0, person(gender="female", **settled))
    film.play(2.0, person(gender="male", **settled))
    assert film.hour["gender"] == {"female": 1, "male": 0, "unsure": 0}
    assert film.now["gender"] == {"female": 0, "male": 1, "unsure": 0}  # as it is shown now
    film.play(5.0)
    assert film.hour["gender"] == {"female": 1, "male": 0, "unsure": 0}
    assert film.audience.visits[-1].words == {"gender": "female"}


def test_who_never_settled_is_unsure_of_every_word():
    film = Film(age={"gender": True}).play(2.0, person(gender="male")).play(5.0)
    assert film.hour["gender"] == {"female": 0, "male": 0, "unsure": 1}
    assert film.audience.visits[-1].words == {"gender": "unsure"}


def test_who_is_of_too_many_ages_is_of_none_and_told_by_what_else_is_known():
    masked = {"age": 30.0, "band": UNSURE, "state": "settled", "cover": "mouth"}
    film = Film(age={"cover": True}).play(2.0, person(**masked))
    assert film.now["bands"]["unknown"] == film.now["bands_weighted"]["unknown"] == 1
    assert film.hour["bands"] == dict.fromkeys(LABELS, 0)  # the mask may be taken off yet
    film.play(5.0)
    assert film.hour["bands"]["unknown"] == film.hour["bands_weighted"]["unknown"] == 1
    assert film.hour["cover"] == {"none": 0, "mouth": 1, "unsure": 0}
    assert film.audience.visits[-1].band is None


def test_a_mask_taken_off_names_the_band():
    masked = {"age": 30.0, "band": UNSURE, "state": "settled"}
    film = Film().play(2.0, person(**masked)).play(1.0, person(**ADULT)).play(5.0)
    assert film.hour["bands"] == dict.fromkeys(LABELS, 0) | {"25–34": 1}


def test_a_word_that_changes_is_news():
    film = Film(age={"cover": True}).play(2.0, person(cover="none"))
    before = film.audience.snapshot.changes
    film.play(1.0, person(cover="mouth"))
    assert film.audience.snapshot.changes == before + 1


def test_the_weights_are_the_probabilities_of_the_bands():
    weights = band_weights(30.0, (28.7184, 31.2816), (25, 35))  # a deviation of a year: five to either side
    assert weights == pytest.approx([2.87e-7, 1 - 5.73e-7, 2.87e-7], abs=1e-8)
    assert band_weights(25.0, (21.0, 29.0), (25, 35)) == pytest.approx([0.5, 0.49932, 0.00068], abs=1e-5)
    assert band_weights(30.0, None, (25, 35)) == [0.0, 1.0, 0.0]
    lopsided = band_weights(30.0, (28.7184, 36.408), (25, 35))  # above, a deviation of five
    assert lopsided == pytest.approx([2.9e-7, 0.841345, 0.158655], abs=1e-6)


def test_a_face_back_in_time_is_the_same_visit_and_its_absence_does_not_count(film):
    film.play(2.0, person()).play(3.0).play(2.0, person()).play(5.0)
    assert film.hour["people"] == film.hour["left"] == 1
    assert film.hour["dwell_s"]["sum"] == 3.75


def test_nobody_is_known_to_be_there_while_no_frames_come(film):
    film.play(2.0, person())
    film.clock.now = film.t = film.t + 30.0
    film.audience.poll(film.clock.now - 10.0)
    film.audience.poll(film.clock.now)
    assert film.audience.snapshot.tracks == ()
    assert film.now["well"] is False
    film.play(2.0, person(2))
    film.play(5.0)
    assert film.hour["people"] == 2
    assert film.hour["dwell_s"]["sum"] == 3.75
    assert film.hour["seconds"] == 38.8  # 9 s of frames up to the last snapshot, and 30 s
    assert film.hour["coverage"] == round((1.875 + 6.75) / 38.75, 3)


def test_the_people_of_a_demo_in_the_cameras_place_are_no_audience(film):
    film.well = False
    film.play(3.0, person()).play(5.0)
    assert (film.hour["people"], film.hour["coverage"]) == (0, 0.0)


def test_names_are_random_and_die_with_the_visit(film):
    film.play(2.0, person(7), person(8))
    first = [track["id"] for track in film.now["tracks"]]
    film.play(5.0).play(2.0, person(7))
    assert len({*first, film.now["tracks"][0]["id"]}) == 3
    assert all(len(name) == 10 for name in first)


def test_what_is_kept_is_bounded(film):
    for number in range(400):
        film.t += 10.0  # a gap: nobody is known to be there
        film.play(1.25, person(number)).play(4.0)
    assert len(film.audience.visits) == 256
    assert film.audience.visits[-1].number == 400
    assert len(film.audience.minutes) == 60
    assert len(film.audience._open) == 0


def test_a_snapshot_every_fifth_of_a_second_and_a_change_when_somebody_comes(film):
    film.play(1.0)
    number, changes = film.audience.snapshot.number, film.audience.snapshot.changes
    film.play(1.0)
    assert film.audience.snapshot.number == number + 4
    assert film.audience.snapshot.changes == changes
    film.play(0.25, person())
    assert film.audience.snapshot.changes == changes + 1


def test_nothing_is_counted_before_anybody_came():
    assert set(Totals(8).mark()) == {0.0}


# --- sums


@st.composite
def scripts(draw):
    """Who is in view in each piece of a film: (seconds, [(id, yaw, settled band or None)])."""
    tracks = st.tuples(st.integers(1, 4), st.sampled_from([0.0, 0.2, 0.3, None]),
                       st.sampled_from([None, "25–34", "65+"]))  # fmt: skip
    pieces = st.tuples(
        st.sampled_from([0.125, 0.5, 1.0, 3.0]),
        st.lists(tracks, max_size=3, unique_by=lambda track: track[0]),
    )
    return draw(st.lists(pieces, min_size=1, max_size=12))


def played(script, after_each=lambda film: None):
    film = Film()
    film.frame()
    for visit, (seconds, tracks) in enumerate(script):
        persons = [
            person(
                number + 10 * visit * (yaw is None),
                yaw,
                band and 30.0,
                band,
                "settled" if band else "finding",
            )
            for number, yaw, band in tracks
        ]
        film.play(seconds, *persons)
        after_each(film)
    film.play(5.0)
    after_each(film)
    return film


def approx(expected):
    return json.loads(json.dumps(expected), parse_float=lambda text: pytest.approx(float(text), abs=0.011))


@given(scripts())
def test_the_hour_is_the_literal_sum_of_its_trace(script):
    film = played(script)
    # who is away for longer than 3.5 s is another visitor, also to the tracker; here the numbers stay
    expected = hour(_renumbered(film.rows), LABELS)
    found = {name: film.hour[name] for name in expected}
    assert found == approx(expected)


def _renumbered(rows):
    last, epoch = {}, {}
    for row in rows:
        for track in row["tracks"]:
            number = track["id"]
            if (
                number in last and row["t"] - last[number] > 3.5 + STEP
            ):  # the frame that closes it comes before
                epoch[number] = epoch.get(number, 0) + 1
            last[number] = row["t"]
            track["id"] = (number, epoch.get(number, 0))
    return rows


@given(scripts())
def test_windows_that_follow_one_another_add_up(script):
    marks = []
    film = played(script, lambda film: marks.append(film.audience._totals.mark()))
    start = film.audience.minutes[0].mark
    windows = [between(a, b) for a, b in zip([start, *marks], marks, strict=False)]
    total = [sum(numbers) for numbers in zip(*windows, strict=True)]
    assert total == pytest.approx(between(start, marks[-1]), abs=1e-9)
    assert all(number >= 0 for window in windows for number in window)


@pytest.mark.parametrize(
    "clip", ["kiosk_learn.mkv", "kiosk_brother.mkv", "head-pose-face-detection-female-and-male.gif"]
)
def test_the_hour_of_a_recorded_clip_is_the_literal_sum_of_its_trace(samples, clip):
    path = samples / "video" / clip
    if not path.is_file():
        pytest.skip(f"no clip {clip} in the sample data")
    chosen = settings(
        source={"use": f"file:{path}", "pace": "fast"}, output={"use": ("none",)},
        limits={"memory_mib": 1024},
    )  # fmt: skip
    with ExitStack() as closing:
        run = Run(chosen, threading.Event(), closing)
        audience, rows = Audience(chosen), []
        run.loop._recorders += [audience, Rows(rows)]
        run.loop.run(300)
    t = rows[-1]["t"]
    for index in range(1, 50):
        audience.record(0, t + index / 10, [])
    messages = Messages(audience, chosen)
    first = audience.minutes[0]
    found = messages.window(first.wall, first.mark, 0.0, audience._totals.mark())
    expected = hour(rows, audience.labels)
    assert {name: found[name] for name in expected} == approx(expected)
    assert scalar(audience._totals.mark(), "people") > 0


class Rows:
    """A trace that is kept in memory, unrounded, with bands."""

    def __init__(self, rows):
        self.rows = rows

    def record(self, index, t, persons):
        tracks = [{"id": p.id, "yaw": p.yaw, "state": p.state, "band": p.band} for p in persons]
        self.rows.append({"t": t, "tracks": tracks})
