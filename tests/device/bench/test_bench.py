import json
import sys
from contextlib import redirect_stdout
from io import StringIO

import cv2
import pytest

from device.__main__ import main
from device.bench import measure
from device.bench.plot import draw
from device.errors import ConfigError

pytestmark = pytest.mark.native  # it measures time

SUMMARY = {
    "frames",
    "dropped",
    "frames_with_track",
    "tracks",
    "stages",
    "peak_rss_mib",
    "restarts",
    "source",
    "interpreter",
}
MORE = {
    "faces_scaling",
    "start_to_first_frame_s",
    "memory_growth_mib",
    "peak_memory_mib",
    "allocations_per_frame",
    "overlay_1080p",
    "machine",
}


@pytest.fixture(scope="module")
def told():
    """What a bench of moments prints for programs: few frames, one start, room for the tests' own process."""
    words = [
        "bench",
        "--source",
        "demo",
        "--frames",
        "30",
        "--warm-up",
        "10",
        "--memory-mib",
        "4096",
        "--json",
    ]
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(StringIO()) as said:
        patch.setattr(measure, "STARTS", 1)
        patch.setattr(measure, "DETECTIONS", 3)
        patch.setattr("device.bench.synthetic_detector.FACES", (1, 4))
        patch.setattr("device.bench.synthetic_detector.SECONDS", 1.0)
        assert main(words) == 0
    return said.getvalue()


@pytest.fixture
def report(told):
    return json.loads(told)


def test_the_figures_for_programs_and_their_picture(report, tmp_path):
    assert set(report) >= SUMMARY | MORE
    assert report["frames"] == 40
    assert set(report["stages"]["frame"]) == {"p50", "p95", "p99"}
    assert [row["faces"] for row in report["faces_scaling"]] == [1, 4]
    assert report["start_to_first_frame_s"] > 0
    assert report["machine"]["cores"] >= 1
    assert set(report["overlay_1080p"]) == {"p50_ms", "p95_ms", "full_p50_ms", "full_ratio"}
    draw(report, str(tmp_path / "bench.png"))
    assert cv2.imread(str(tmp_path / "bench.png")).std() > 10
    with pytest.raises(ConfigError, match=r"cannot be written \(No such file"):
        draw(report, "/nowhere/bench.png")


def test_the_figures_for_people(report, capsys, monkeypatch):
    monkeypatch.setattr("device.commands.bench.measure", lambda settings, frames, warm_up: report)
    assert main(["bench", "--source", "demo"]) == 0
    said = capsys.readouterr().out
    for words in (
        "p99",
        "frame, detection 1 in 4",
        "first age after",
        "overlay, 1080p, 1 face",
        "peak memory",
        "start to first frame",
    ):
        assert words in said


def test_a_picture_s_place_must_be_a_png_which_is_asked_before_anything_is_measured(monkeypatch, capfd):
    monkeypatch.setattr("device.commands.bench.measure", None)
    assert main(["bench", "--plot", "bench.txt"]) == 2
    assert "give a place that ends in .png" in capfd.readouterr().err


def test_without_matplotlib_there_is_a_sentence_and_no_measurement(monkeypatch, capfd):
    monkeypatch.setattr("device.commands.bench.measure", None)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert main(["bench", "--plot", "bench.png"]) == 2
    said = capfd.readouterr().err
    assert "bench: --plot needs matplotlib, which workstations have" in said
    assert len(said.splitlines()) == 1


def test_every_face_of_a_crowd_has_an_age_within_a_second(report):
    assert all(row["first_age_s"] <= 1.0 for row in report["faces_scaling"])
