"""The heartbeat: what counts as life, what is said of it, and when the process gives up."""

import pytest

from device.app.health import Health, Numbers
from device.errors import VisionStuckError
from device.frame import Frame

FRAME = Frame((8, 6))
NUMBERS = Numbers(
    source="film",
    frames=7,
    dropped=2,
    restarts=1,
    memory_mib=36.04,
    memory_budget_mib=128,
    memory_near=False,
    temperature_c=48.04,
    throttled=("the supply voltage is too low",),
    load_level=1,
    outputs_lost=(),
    version="1.2.3",
    ladder=lambda: {"reboots": 1},
    clock_synchronised=lambda: True,
)


class Kiosk:
    """A loop that turns five times a second before a clock of the test's own."""

    def __init__(self):
        self.now, self.numbers, self.stands_in, self.told = 100.0, NUMBERS, False, []
        self.results = 0
        self.health = Health(
            10.0,
            lambda: self.numbers,
            lambda event, **facts: self.told.append((event, facts)),
            lambda: self.stands_in,
            lambda: self.now,
        )

    def turn(self, seconds, frames=True, results=True, pending=True, step=0.2):
        """The loop for so long, with frames and results or without."""
        for _ in range(round(seconds / step)):
            self.now += step
            if frames:
                self.health.on_frame()
            if results:
                self.results += 1
                self.health.on_result(FRAME)
            self.health.poll(pending, self.results)

    def judged(self):
        report = self.health.report()
        return report["status"], report["reasons"]


@pytest.fixture
def kiosk():
    return Kiosk()


def test_while_results_come_all_is_well_and_nothing_is_told(kiosk):
    assert kiosk.health.notice == ""
    kiosk.turn(60)
    assert kiosk.judged() == ("ok", [])
    assert kiosk.told == []
    assert kiosk.health.notice == ""


def test_the_whole_report(kiosk):
    kiosk.turn(1)
    kiosk.now += 0.256
    assert kiosk.health.report() == {
        "status": "ok",
        "reasons": [],
        "newest_frame_age_s": 0.26,
        "vision_result_age_s": 0.26,
        "source": "film",
        "frames": 7,
        "dropped": 2,
        "restarts": 1,
        "outputs_lost": [],
        "memory_mib": 36.0,
        "memory_budget_mib": 128,
        "temperature_c": 48.0,
        "throttled": ["the supply voltage is too low"],
        "load_level": 1,
        "version": "1.2.3",
        "ladder": {"reboots": 1},
        "clock_synchronised": True,
    }


def test_a_machine_without_thermometer_has_no_temperature(kiosk):
    kiosk.numbers = NUMBERS._replace(temperature_c=None)
    assert kiosk.health.report()["temperature_c"] is None


def test_a_camera_that_says_that_it_failed_is_dark_at_once_and_the_kiosk_down_after_ten_seconds(kiosk):
    kiosk.health.camera_failed = True
    kiosk.turn(0.2, frames=False, results=False, pending=False)
    assert kiosk.judged() == ("degraded", ["camera dark"])
    assert kiosk.health.notice == "No picture from the camera"
    kiosk.turn(10, frames=False, results=False, pending=False)
    assert kiosk.judged() == ("down", ["camera dark"])
    kiosk.health.camera_failed = False
    kiosk.turn(0.2)
    assert kiosk.judged() == ("ok", [])
    assert kiosk.health.notice == ""
    assert [(event, facts["status"]) for event, facts in kiosk.told] == [
        ("health", "degraded"),
        ("health", "down"),
        ("health", "ok"),
    ]


def test_a_camera_that_only_falls_silent_is_dark_after_three_seconds(kiosk):
    kiosk.turn(3.0, step=0.5, frames=False, results=False, pending=False)
    assert kiosk.judged() == ("ok", [])
    kiosk.turn(0.2, frames=False, results=False, pending=False)
    assert kiosk.judged() == ("degraded", ["camera dark"])


def test_a_vision_that_is_late_is_named_and_one_that_is_stuck_ends_the_process(kiosk):
    kiosk.turn(1)
    kiosk.turn(0.5, step=0.5)
    kiosk.turn(3.0, step=0.5, results=False)
    assert kiosk.judged() == ("ok", [])
    kiosk.turn(0.5, step=0.5, results=False)
    assert kiosk.judged() == ("degraded", ["vision stuck"])
    assert kiosk.health.notice == "No ages: the vision is stuck"
    kiosk.turn(6.5, step=0.5, results=False)
    with pytest.raises(VisionStuckError, match="for 10 s without a result") as caught:
        kiosk.turn(0.5, step=0.5, results=False)
    assert caught.value.exit_status == 75


def test_a_result_begins_the_waiting_anew(kiosk):
    for _ in range(4):
        kiosk.turn(9, results=False)
        kiosk.turn(0.2)
    assert kiosk.judged() == ("ok", [])


def test_a_vision_without_work_is_not_stuck(kiosk):
    """No frame comes, so none can be done: that is the camera's trouble, and nothing to start again for."""
    kiosk.turn(60, frames=False, results=False, pending=False)
    assert kiosk.judged() == ("down", ["camera dark"])


def test_a_process_that_was_stopped_for_twenty_seconds_goes_on(kiosk):
    kiosk.turn(1)
    kiosk.turn(0.2, results=False)
    kiosk.turn(20, results=False, step=20)
    kiosk.turn(1)
    assert kiosk.judged() == ("ok", [])


def test_a_demo_that_stands_in_for_a_camera_is_no_life(kiosk):
    kiosk.stands_in = True
    kiosk.turn(1)
    assert kiosk.judged() == ("degraded", ["demo instead of a camera"])
    kiosk.turn(10)
    assert kiosk.judged() == ("down", ["demo instead of a camera"])


@pytest.mark.parametrize(
    ("numbers", "reason"),
    [({"outputs_lost": ("window",)}, "output lost"), ({"memory_near": True}, "memory near the budget")],
)
def test_a_part_that_is_missing_is_named_while_the_job_goes_on(kiosk, numbers, reason):
    kiosk.numbers = NUMBERS._replace(**numbers)
    kiosk.turn(30)
    assert kiosk.judged() == ("degraded", [reason])
    assert kiosk.health.notice == ""
    assert kiosk.told == [("health", {"status": "degraded", "reasons": [reason]})]


def test_the_page_may_ask_when_the_loop_stands_still(kiosk):
    """A screen that never answers holds up the loop; the report, from another thread, still says so."""
    kiosk.turn(1)
    kiosk.now += 11
    assert kiosk.judged() == ("down", ["camera dark"])


def test_systemd_hears_of_life_while_results_pass_and_while_a_failed_camera_is_opened_again(kiosk):
    kiosk.turn(1)
    assert (kiosk.health.alive, kiosk.health.line) == (True, "ok")
    kiosk.turn(4.0, frames=False, results=False, pending=False)
    assert not kiosk.health.alive  # silent, without a word of the camera's driver
    kiosk.health.camera_failed = True
    kiosk.turn(0.2, frames=False, results=False, pending=False)
    assert (kiosk.health.alive, kiosk.health.line) == (True, "degraded: camera dark")


def test_a_stuck_vision_is_no_life_though_frames_come(kiosk):
    kiosk.turn(1)
    kiosk.turn(0.5, step=0.5)
    kiosk.turn(3.0, step=0.5, results=False)
    assert kiosk.health.alive
    kiosk.turn(0.5, step=0.5, results=False)
    assert not kiosk.health.alive
