"""The command over the main job with the demo, and how the main job lets somebody lead through it."""

import json
import shutil
from pathlib import Path

import pytest

import device
from device.__main__ import main
from device.field_test.steps import steps
from tests.device.assembly import FPS, Kiosk, amber

NAMES = [step.name for step in steps()]
DEMO = Path(device.__file__).parent / "camera" / "demo" / "demo.jpg"


def run(folder, *options):
    """Within the tests' own process, which holds more than the program does."""
    return main(
        [
            "field-test",
            "--out",
            str(folder),
            "--site",
            "Lobby",
            "--output",
            "none",
            "--memory-mib",
            "4096",
            *options,
        ]
    )


def report(folder):
    (path,) = folder.glob("*.json")
    return json.loads(path.read_text(encoding="utf-8"))


def test_the_demo_goes_through_every_step(tmp_path, capfd):
    assert run(tmp_path, "--source", "demo", "--seconds", "0.01") == 1  # it plays its own play
    found = report(tmp_path)
    assert [step["name"] for step in found["steps"]] == NAMES
    assert (found["site"], found["grade"], found["missing"]) == ("Lobby", "failed", [])
    assert found["facts"]["camera"] == "demo, 640×480"
    assert {one["measure"] for one in found["machine"]["findings"]} >= {"rate", "p95", "memory", "throttled"}
    (page,) = tmp_path.glob("*.html")
    assert "Lobby" in page.read_text(encoding="utf-8")
    assert "<img" not in page.read_text(encoding="utf-8")
    assert len(list(tmp_path.iterdir())) == 2
    said = capfd.readouterr().err
    assert "step 1 of 12" in said
    assert "step 12 of 12" in said
    assert f"kept: {page}" in said


def test_a_source_that_ends_leaves_steps_that_were_not_gone_through(tmp_path):
    pictures, out = tmp_path / "pictures", tmp_path / "out"
    pictures.mkdir()
    shutil.copy(DEMO, pictures)
    assert run(out, "--source", f"images:{pictures}", "--picture") == 1
    assert report(out)["missing"] == NAMES
    (page,) = out.glob("*.html")
    assert "Not gone through: nobody, 1 m" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--site", "\n"], "--site"),
        (["--site", "x" * 81], "--site"),
        (["--picture", "--privacy", "blur"], "--picture"),
        (["--out", "/dev/null/below"], "--out /dev/null/below: nothing can be written there"),
    ],
)
def test_what_does_not_fit_is_one_sentence_before_anything_is_opened(tmp_path, capfd, options, message):
    assert run(tmp_path, *options) == 2
    said = capfd.readouterr().err
    assert message in said
    assert said.count("\n") == 1


@pytest.mark.parametrize("factor", ["0", "nan", "11", "x", ""])
def test_a_factor_that_does_not_fit(tmp_path, capfd, factor):
    with pytest.raises(SystemExit) as left:
        run(tmp_path, "--seconds", factor)
    assert left.value.code == 2
    assert "0.01 to 10" in capfd.readouterr().err


class Leader:
    """A guide that remembers, and says its line."""

    def __init__(self):
        self.seen, self.line = [], "Stand 1 m away"

    def see(self, frame, tracks):
        self.seen.append((frame.time, [track.id for track in tracks]))

    def poll(self, now):
        return self.line


def headline(image):
    """Whether there is large white text at the picture's top, in its middle."""
    return bool((image[5:40, 80:240] > 200).any())


@pytest.fixture
def kiosk(monkeypatch):
    one = Kiosk(monkeypatch)
    yield one
    one.close()


def test_a_guide_sees_every_frame_with_its_tracks_and_its_line_is_on_the_picture(kiosk):
    run = kiosk.open()
    run.guide = leader = Leader()
    run.loop.run()
    assert [time for time, _ in leader.seen] == [index / FPS for index in range(30)]
    assert leader.seen[-1][1] == kiosk.screens[0].ids[-1] == [1]
    told = [headline(image) for image in kiosk.screens[0].images]
    assert told == [False] + 29 * [True]


def test_what_the_operator_must_know_stands_beside_it(kiosk):
    run = kiosk.open()
    run.guide = Leader()
    run.health.poll = lambda pending, results: setattr(run.health, "notice", "the camera gives no picture")
    run.loop.run()
    assert amber(kiosk.screens[0].images[-1])
    assert headline(kiosk.screens[0].images[-1])
