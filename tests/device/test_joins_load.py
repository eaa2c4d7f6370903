"""What the watchers of heat, lateness and memory decide reaches those who are to do less."""

import pytest

from device.errors import BudgetError
from device.frame import Frame
from tests.device.assembly import ANNA, BERT, CARL, DORA, FPS, MEMORY_MIB, Screen

HOT = 90.0


@pytest.fixture
def strained(kiosk, monkeypatch):
    """Plays a film of four settled faces on a machine that is hot for so many looks, thus at that level."""

    def playing(level, frames=200):
        monkeypatch.setattr("device.budget.load_shedding.CHECK_EVERY_S", 0.0)
        kiosk.change(schedule={"settled_every_s": 0.1})
        kiosk.faces.boxes = [ANNA, BERT, CARL, DORA]
        kiosk.net.seconds = 0.001
        kiosk.film.length = frames
        kiosk.world.celsius, kiosk.world.looks = HOT, level
        return kiosk.play()

    return playing


@pytest.mark.parametrize(
    ("level", "looks", "pictures"),
    [
        (0, 200, 200),
        (1, 200, 200),
        (2, 101, 200),
        (3, 101, 102),
        (4, 101, 102),
    ],
)
def test_how_often_is_looked_and_shown_at_each_level(strained, level, looks, pictures):
    played = strained(level)
    assert (played.faces.looks, len(played.screens[0].times)) == (looks, pictures)


@pytest.mark.parametrize(("level", "ages"), [(0, 80), (1, 20)])
def test_settled_faces_are_estimated_a_quarter_as_often(strained, level, ages):
    assert sum(strained(level).faces.ages[-60:]) == ages


@pytest.mark.parametrize(("level", "most"), [(3, 6), (4, 2)])
def test_one_age_a_frame_at_the_last_level(strained, level, most):
    """An estimate of a face that is not settled reads two: the crop and its mirror image."""
    assert max(strained(level, frames=40).faces.ages[10:]) == most


def test_a_machine_is_hot_from_the_setting_on(kiosk, monkeypatch):
    monkeypatch.setattr("device.budget.load_shedding.CHECK_EVERY_S", 0.0)
    kiosk.change(limits={"hot_c": 70.0})
    kiosk.world.celsius = 71.0
    assert kiosk.play().run.load.level == 4


@pytest.mark.parametrize(("dropped", "level"), [(20, 1), (10, 0)])
def test_frames_dropped_and_finished_are_both_counted_for_lateness(kiosk, dropped, level):
    """Of the 60 frames between two looks a fifth may be dropped; the first look only begins to count."""
    kiosk.film.length = 100

    def drop(index):
        kiosk.run.capture.counters.dropped += dropped * (index == 30)

    kiosk.film.before = drop
    kiosk.play()
    assert kiosk.run.load.level == level


# --- memory


@pytest.fixture
def filling(kiosk):
    """Plays five seconds in which the memory used is a share of the budget from each of these seconds on."""

    def playing(**shares):
        kiosk.film.length = 150
        seconds = {int(name.removeprefix("from_")): share for name, share in shares.items()}

        def use(index):
            kiosk.world.used_mib = MEMORY_MIB * seconds.get(
                index // int(FPS), kiosk.world.used_mib / MEMORY_MIB
            )
            if index == 75:
                kiosk.faces.boxes = [ANNA, BERT]

        kiosk.film.before = use
        return kiosk.play()

    return playing


def test_a_new_face_is_followed_while_there_is_memory(filling):
    assert filling(from_1=0.94).screens[0].ids[-1] == [1, 2]


def test_at_95_percent_no_new_face_is_followed_and_the_others_go_on(filling):
    ids = filling(from_1=0.96).screens[0].ids
    assert ids[2:] == [[1]] * 148


def test_new_faces_are_followed_again_once_there_is_room(filling):
    ids = filling(from_1=0.96, from_4=0.5).screens[0].ids
    assert ids[115] == [1]
    assert ids[-1] == [1, 2]


def test_a_face_out_of_view_is_still_the_same_face_when_none_may_begin(kiosk):
    kiosk.world.used_mib = 0.96 * MEMORY_MIB
    kiosk.film.length = 60

    def blink(index):
        kiosk.faces.boxes = [] if 40 <= index < 50 else [ANNA]

    kiosk.film.before = blink
    kiosk.open().vision.process(_frame(kiosk))  # the face was there before memory ran short
    kiosk.run.loop.run()
    assert kiosk.screens[0].ids[-1] == [1]


def _frame(kiosk):
    frame = Frame(kiosk.film.size)
    frame.time = -1 / FPS
    return frame


def test_at_90_percent_the_optional_outputs_are_closed(kiosk):
    kiosk.screens = [Screen("page", optional=True), Screen("window")]
    kiosk.film.length = 60

    def use(index):
        kiosk.world.used_mib = 0.91 * MEMORY_MIB if index >= 20 else 0.0

    kiosk.film.before = use
    kiosk.play()
    page, window = kiosk.screens
    assert (page.closed, len(page.times)) == (1, 32)  # it looks once a second
    assert (window.closed, len(window.times)) == (0, 60)


def test_beyond_the_budget_the_run_ends_and_everything_is_closed(kiosk):
    kiosk.world.used_mib = MEMORY_MIB + 1.0
    with pytest.raises(BudgetError):
        kiosk.play()
    kiosk.close()
    assert (kiosk.film.closed, kiosk.screens[0].closed) == (1, 1)


# --- time


@pytest.mark.parametrize(("seconds", "most"), [(0.0, 6), (0.018, 2)])
def test_what_the_render_costs_is_left_to_it(kiosk, seconds, most):
    """Of 20 ms, 18 for the picture leave no time for a second face's age on a frame."""
    kiosk.change(schedule={"frame_budget_ms": 20.0})
    kiosk.faces.boxes = [ANNA, BERT, CARL, DORA]
    kiosk.net.seconds, kiosk.screens[0].seconds = 0.0005, seconds
    kiosk.film.length = 40
    kiosk.play()
    assert max(kiosk.faces.ages[5:]) == most
    assert kiosk.run.vision.scheduler.render_cost == pytest.approx(seconds)


@pytest.mark.parametrize(("live", "most"), [(True, 2), (False, 6)])
def test_only_what_cannot_wait_is_hurried(kiosk, live, most):
    """With 20 ms an age a camera's frame has time for one face; a clip's takes all that it needs."""
    kiosk.film.live = live
    kiosk.faces.boxes = [ANNA, BERT, CARL, DORA]
    kiosk.net.seconds = 0.02
    kiosk.film.length = 100 if live else 20
    kiosk.play()
    assert max(kiosk.faces.ages) == most


@pytest.mark.parametrize(("fps", "looks"), [(30.0, 3), (90.0, 1)])
def test_a_slow_detector_looks_more_seldom_on_a_faster_source(kiosk, fps, looks):
    """30 ms a look fit the budget of every second frame at 30 frames a second, of every fifth at 90."""
    kiosk.film.fps, kiosk.film.live = fps, True
    kiosk.faces.seconds = 0.03
    run = kiosk.open()
    frame = _frame(kiosk)
    for index in range(5):
        frame.time = index / fps
        run.vision.process(frame)
    assert kiosk.faces.looks == looks


def test_what_a_look_costs_is_learnt(kiosk):
    """With 23 ms a look and a budget of 20 ms, of which looks may take 60 %, every second frame has one."""
    kiosk.change(schedule={"frame_budget_ms": 20.0})
    kiosk.faces.seconds = 0.023
    kiosk.film.length = 40
    assert kiosk.play().faces.looks == 20


@pytest.mark.parametrize(("seconds", "most"), [(0.0, 6), (0.012, 4)])
def test_what_close_ups_and_ages_cost_is_learnt(kiosk, seconds, most):
    """With close-ups of 12 ms and a budget of 20 ms no frame has two faces that both need one."""
    kiosk.change(schedule={"frame_budget_ms": 20.0})
    kiosk.faces.boxes = [ANNA, BERT, CARL, DORA]
    kiosk.net.seconds, kiosk.faces.close_up_seconds = 0.0005, seconds
    kiosk.film.length = 60
    kiosk.play()
    assert max(kiosk.faces.ages[5:]) == most
    scheduler = kiosk.run.vision.scheduler
    assert (scheduler.close_up_cost, scheduler.inference_cost) == pytest.approx((seconds, 0.0005))


def test_one_new_face_a_frame_is_looked_at_however_late_it_is(kiosk):
    """A look of 11 ms leaves less than the half of 20 ms that close-ups of further new faces may take."""
    kiosk.change(schedule={"frame_budget_ms": 20.0})
    kiosk.faces.boxes = [ANNA, BERT]
    kiosk.faces.seconds, kiosk.faces.close_up_seconds = 0.011, 0.001
    assert kiosk.play().screens[0].ids[-1] == [1, 2]
