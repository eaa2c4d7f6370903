"""The steps one after another, by the clock that the test moves."""

from types import SimpleNamespace

from device.box import Box
from device.field_test.conductor import Conductor
from device.field_test.judge import Sample, worst
from device.field_test.sights import Face, Sight
from device.field_test.steps import PREPARE_S, steps
from tests.device.field_test.script import FRAMES, sights

POSTER = Face(9, Box(0.1, 0.2, 0.1, 0.1), 30.0)


class Performance:
    """Plays the script: at each step the people do as told, or what `change(name, sight)` makes of it."""

    def __init__(self, change=lambda name, sight: sight):
        self.lines, self.ended, self.now = [], 0, 100.0
        self.current = None
        self.conductor = Conductor(
            steps(), SimpleNamespace(look=lambda frame, tracks: self.current), lambda: Sample(60.0), self.end
        )
        self.change = change

    def end(self):
        self.ended += 1

    def poll(self):
        self.lines.append(self.conductor.poll(self.now))

    def play(self, only=None):
        for step in steps()[:only]:
            self.current = Sight(0.0, (POSTER,))  # of the way there: not to be counted
            self.poll()
            for _ in range(FRAMES):
                self.conductor.see(None, [])
            start = self.now + PREPARE_S
            for number, sight in enumerate(sights(step.name)):
                self.now = start + step.seconds * number / FRAMES
                self.poll()
                self.current = self.change(step.name, sight)
                self.conductor.see(None, [])
            self.now = start + step.seconds
        self.poll()
        return {done.step.name: done.findings for done in self.conductor.done}


def test_a_good_performance_passes_every_step():
    performance = Performance()
    found = performance.play()
    assert {name: worst(one) for name, one in found.items()} == {step.name: "well" for step in steps()}
    assert performance.ended == 1
    assert performance.conductor.complete
    assert performance.lines[-1] == ""
    assert performance.conductor.poll(performance.now + 100) == ""
    assert performance.ended == 1


def test_the_picture_says_what_to_do_and_counts_down():
    performance = Performance()
    performance.play(only=2)
    assert performance.lines[0] == "1/12  Nobody in view  ·  in 8 s"
    assert performance.lines[1] == "1/12  Nobody in view  ·  now 15 s"
    assert performance.lines[60] == "1/12  Nobody in view  ·  now 1 s"
    assert "2/12  Stand 1 m away  ·  now 15 s" in performance.lines
    assert performance.lines[-1] == "3/12  Stand 2 m away  ·  in 8 s"


def test_a_poster_is_told_once_and_taken_for_nobody_later():
    def change(name, sight):
        return sight._replace(faces=(POSTER, *sight.faces))

    found = Performance(change).play()
    assert {name for name, one in found.items() if worst(one) != "well"} == {"nobody"}


def test_without_frames_the_steps_go_on_and_fail():
    performance = Performance()
    for _ in steps():
        performance.poll()
        performance.now += PREPARE_S
        performance.poll()
        performance.now += 20
        performance.poll()
    assert performance.ended == 1
    assert {worst(done.findings) for done in performance.conductor.done} == {"failed"}
    assert performance.conductor.rate == 0.0


def test_the_rate_is_of_the_measured_seconds():
    performance = Performance()
    performance.play()
    frames, seconds = FRAMES * len(steps()), sum(step.seconds for step in steps())
    assert abs(performance.conductor.rate - frames / seconds) < 0.1
    assert len(performance.conductor.samples) == seconds + len(steps()) + 1  # the clock jumps to each step


def test_a_technician_may_begin_a_step_at_once():
    performance = Performance()
    performance.poll()
    performance.conductor.order("now")
    performance.now += 0.5
    performance.poll()
    performance.now += 1.0
    performance.poll()
    assert performance.lines == [
        "1/12  Nobody in view  ·  in 8 s",
        "1/12  Nobody in view  ·  now 15 s",
        "1/12  Nobody in view  ·  now 14 s",
    ]
    performance.conductor.order("now")  # it is under way already
    performance.poll()
    assert performance.lines[-1] == performance.lines[-2]


def test_a_step_that_went_wrong_is_done_again_and_counts_as_it_went_then():
    false = Performance(lambda name, sight: sight._replace(faces=(POSTER,)))
    false.play(only=1)
    assert false.conductor.state["last"]["grade"] == "failed"
    false.conductor.order("again")
    false.poll()
    assert false.lines[-1] == "1/12  Nobody in view  ·  in 8 s"
    assert false.conductor.done == []
    false.change = lambda name, sight: sight
    found = false.play()
    assert {worst(one) for one in found.values()} == {"well"}
    assert len(found) == 12
    assert false.conductor.complete


def test_before_the_first_step_there_is_none_to_do_again():
    performance = Performance()
    performance.conductor.order("again")
    performance.poll()
    assert performance.lines == ["1/12  Nobody in view  ·  in 8 s"]


def test_what_the_page_is_told():
    performance = Performance(lambda name, sight: sight._replace(faces=()))
    performance.play(only=2)
    state = performance.conductor.state
    assert (state["step"], state["of"], state["when"], state["left_s"]) == (3, 12, "in", 8)
    assert state["sentence"] == "Stand 2 m before the screen, and look at it."
    assert (state["last"]["name"], state["last"]["grade"]) == ("1 m", "failed")
    assert state["last"]["wanting"][0].startswith(
        "0 % of the frames with a face (well: at least 90 %): did somebody stand there?"
    )
