import pytest

from device.budget.load_shedding import FEWER_PICTURES, LEVELS, LoadShedder


class Heat:
    """A thermometer whose reading the test sets."""

    def __init__(self):
        self.degrees: float | None = 50.0
        self.held_back: list[str] = []

    def celsius(self):
        return self.degrees

    def throttled(self):
        return self.held_back


@pytest.fixture
def heat():
    return Heat()


@pytest.fixture
def told():
    return []


@pytest.fixture
def shedder(heat, told):
    return LoadShedder(80.0, heat, lambda event, **facts: told.append((event, facts)))


def run(shedder, seconds, start=0.0, dropped_share=0.0):
    for n in range(int(seconds * 10)):
        frames = int((start * 10 + n) * (1 - dropped_share))
        shedder.poll(start + n / 10, frames, int((start * 10 + n) * dropped_share))
    return start + seconds


def test_a_cool_machine_that_keeps_up_does_everything(shedder, told):
    run(shedder, 60)
    assert shedder.level == 0
    assert told == []


def test_a_hot_machine_leaves_out_one_thing_after_the_other(shedder, heat, told):
    heat.degrees = 83.0
    run(shedder, 20)
    assert shedder.level == len(LEVELS) - 1
    assert [facts["doing"] for _, facts in told] == list(LEVELS[1:])
    assert told[0] == ("strain", {"level": 1, "doing": LEVELS[1], "why": "the processor has 83 °C"})


def test_it_comes_back_by_itself(shedder, heat, told):
    heat.degrees = 83.0
    now = run(shedder, 20)
    heat.degrees = 60.0
    run(shedder, 60, start=now)
    assert shedder.level == 0
    assert told[-1] == ("strain", {"level": 0, "doing": LEVELS[0], "why": "recovered"})


def test_it_must_be_clearly_cooler_to_count_as_calm(shedder, heat):
    heat.degrees = 80.0
    now = run(shedder, 4)
    heat.degrees = 78.0
    run(shedder, 60, start=now)
    assert shedder.level == len(LEVELS) - 1


def test_a_throttled_board_counts_as_strained(shedder, heat, told):
    heat.held_back = ["the supply voltage is too low"]
    run(shedder, 4)
    assert told[0][1]["why"] == "the supply voltage is too low"


def test_late_frames_count_as_load(shedder, told):
    run(shedder, 4, dropped_share=0.5)
    assert shedder.level == 1
    assert "of the frames were late" in told[0][1]["why"]


def test_a_few_late_frames_do_not(shedder):
    run(shedder, 60, dropped_share=0.1)
    assert shedder.level == 0


def test_a_machine_without_thermometer_is_judged_by_its_frames(shedder, heat):
    heat.degrees = None
    run(shedder, 10)
    assert shedder.level == 0


def test_the_step_that_the_picture_follows():
    assert "pictures" in LEVELS[FEWER_PICTURES]


def looks(shedder, *shares, start=0.0):
    """A look every two seconds, 100 frames between two of them, of which a share is late."""
    done = lost = 0
    levels = []
    for number, share in enumerate((0.0, *shares)):
        done, lost = done + round(100 * (1 - share)), lost + round(100 * share)
        shedder.poll(start + 2.0 * number, done, lost)
        levels.append(shedder.level)
    return levels[1:]


def test_a_fifth_of_the_frames_late_is_not_yet_late_and_a_little_more_is(shedder, told):
    assert looks(shedder, 0.20, 0.21, 0.20, 0.39) == [0, 1, 1, 2]
    assert told[0][1]["why"] == "21 % of the frames were late"


def test_the_share_of_late_frames_is_told_in_per_cent(shedder, told):
    assert looks(shedder, 0.6) == [1]
    assert told[0][1]["why"] == "60 % of the frames were late"


def test_what_was_dropped_before_the_first_look_is_forgotten(shedder):
    shedder.poll(0.0, 10, 1000)
    shedder.poll(2.0, 110, 1000)
    assert shedder.level == 0


def test_a_look_without_new_frames_tells_nothing(shedder):
    shedder.poll(0.0, 10, 0)
    shedder.poll(2.0, 10, 0)
    assert shedder.level == 0


def test_one_step_back_after_each_ten_calm_seconds(shedder):
    late, calm = [0.5] * 3, [0.0] * 11
    assert looks(shedder, *late, *calm) == [1, 2, 3, 3, 3, 3, 3, 3, 2, 2, 2, 2, 2, 1]


def test_a_new_strain_begins_the_calm_anew(shedder):
    assert looks(shedder, 0.5, 0, 0, 0, 0.5, *[0] * 7) == [1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 1, 1]


@pytest.mark.parametrize(("degrees", "first", "second"), [
    (79.9, 0, 0), (80.0, 1, 2),
])  # fmt: skip
def test_the_limit_itself_is_hot(shedder, heat, degrees, first, second):
    heat.degrees = degrees
    shedder.poll(0.0, 0, 0)
    shedder.poll(2.0, 100, 0)
    assert shedder.level == first
    shedder.poll(4.0, 200, 0)
    assert shedder.level == second


@pytest.mark.parametrize(("degrees", "level"), [(75.0, 2), (74.9, 1)])
def test_while_it_rests_five_degrees_less_are_still_hot(shedder, heat, degrees, level):
    heat.degrees = 80.0
    shedder.poll(0.0, 0, 0)
    shedder.poll(2.0, 100, 0)
    heat.degrees = degrees
    shedder.poll(4.0, 200, 0)
    assert shedder.level == level
