from pathlib import Path

import cv2
import pytest

from device.__main__ import main
from device.age.network import Reading
from device.inference import model_files

SQUARE = Path(__file__).parents[2] / "golden" / "square.png"


def verdicts(text):
    """{what: word} of the doctor's lines."""
    lines = [line.split() for line in text.splitlines()]
    return {line[1]: line[0] for line in lines if line[0] in ("ok", "note", "bad")}


@pytest.fixture
def demo_only(monkeypatch):
    monkeypatch.setattr("device.camera.v4l2.usb_cameras", list)
    monkeypatch.setattr("device.camera.picamera.installed", lambda: False)


def test_a_machine_on_which_the_main_job_can_run(demo_only, capsys):
    assert main(["doctor", "--source", "demo"]) == 0
    said = capsys.readouterr().out
    found = verdicts(said)
    assert "bad" not in found.values()
    assert {
        "Python",
        "processor",
        "interpreter",
        "model",
        "budget",
        "memory",
        "USB",
        "Pi",
        "screen",
        "source",
    } <= set(found)
    assert said.endswith("The main job can run.\n")


@pytest.mark.parametrize(
    ("options", "what"),
    [
        (["--source", "file:/nowhere.mkv"], "source"),
        (["--source", "demo", "--detector", "full", "--memory-mib", "50"], "budget"),
    ],
)
def test_what_the_main_job_lacks_is_bad(demo_only, capsys, options, what):
    assert main(["doctor", *options]) == 1
    said = capsys.readouterr().out
    assert verdicts(said)[what] == "bad"
    assert "cannot run: 1 of the above" in said


def test_a_network_that_answers_otherwise_is_bad(demo_only, monkeypatch, capsys):
    monkeypatch.setattr("device.age.network.flip_averaged", lambda network, crop: Reading(37.0))
    assert main(["doctor", "--source", "demo"]) == 1
    assert "37.0 years for the built-in face, which is 34.9" in capsys.readouterr().out


@pytest.mark.parametrize("model", ["age", "age-wide"])
def test_each_network_has_its_known_answer(demo_only, capsys, model):
    assert main(["doctor", "--source", "demo", "--age-model", model]) == 0
    assert verdicts(capsys.readouterr().out)["ages"] == "ok"


def test_a_missing_model_is_bad_and_says_how_to_mend_it(demo_only, tmp_path, monkeypatch, capsys):
    (tmp_path / "pins.json").write_text((model_files.MODELS / "pins.json").read_text())
    monkeypatch.setattr(model_files.model_path, "__defaults__", (tmp_path,))
    assert main(["doctor", "--source", "demo"]) == 1
    assert "make setup" in capsys.readouterr().out


def test_no_interpreter_is_bad(demo_only, monkeypatch, capsys):
    monkeypatch.setattr("device.inference.interpreter.find_spec", lambda name: None)
    assert main(["doctor", "--source", "demo"]) == 1
    assert verdicts(capsys.readouterr().out)["interpreter"] == "bad"


def test_hidden_memory_figures_are_notes(demo_only, tmp_path, monkeypatch, capsys):
    """As under systemd's ProcSubset=pid, and where there is no /proc at all."""
    monkeypatch.setattr("device.commands.doctor.MEMINFO", tmp_path / "none")
    monkeypatch.setattr("device.budget.memory.Meter._own_kib", lambda meter: None)
    assert main(["doctor", "--source", "demo"]) == 0
    said = capsys.readouterr().out
    assert "none cannot be read (ProcSubset=pid hides it)" in said
    assert "the budget counts pages of files, too" in said


def test_the_memory_that_is_held_is_told_by_its_kind(demo_only, capsys):
    main(["doctor", "--source", "demo"])
    held = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("note held"))
    assert "MiB (anonymous and shared memory, and dma-bufs); at most" in held


def test_a_screen_without_a_desktop_is_named(demo_only, tmp_path, monkeypatch, capsys):
    socket = tmp_path / "card0-HDMI-A-1"
    socket.mkdir()
    (socket / "status").write_text("connected\n")
    monkeypatch.setattr("device.outputs.window.why_no_window", lambda: "DISPLAY is not set")
    monkeypatch.setattr("device.outputs.drm.sockets.connected.__defaults__", (tmp_path,))
    main(["doctor", "--source", "demo"])
    line = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("ok   screen"))
    assert "HDMI-A-1; --output drm shows the picture there" in line


def test_cameras_are_named(monkeypatch, capsys):
    monkeypatch.setattr("device.camera.v4l2.usb_cameras", lambda: ["/dev/video9"])
    main(["doctor", "--source", "demo"])
    assert "/dev/video9" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "turned by 90° clockwise: set camera.rotate = 90"),
        (["--rotate", "180"], "turned by 270° clockwise: set camera.rotate = 90"),
        (["--rotate", "180", "--camera-flip"], "turned by 90° clockwise: set camera.rotate = 90"),
    ],
)
def test_a_camera_that_lies_on_its_side_is_told_how_to_stand(demo_only, tmp_path, capsys, options, said):
    picture = cv2.imread(str(SQUARE))
    cv2.imwrite(str(tmp_path / "a.png"), cv2.rotate(picture, cv2.ROTATE_90_COUNTERCLOCKWISE))
    assert main(["doctor", "--source", f"images:{tmp_path}", *options]) == 0
    assert said in capsys.readouterr().out


def test_a_camera_that_is_told_so_stands(demo_only, tmp_path, capsys):
    picture = cv2.imread(str(SQUARE))
    cv2.imwrite(str(tmp_path / "a.png"), cv2.rotate(picture, cv2.ROTATE_90_COUNTERCLOCKWISE))
    assert main(["doctor", "--source", f"images:{tmp_path}", "--rotate", "90"]) == 0
    assert "mounting" not in capsys.readouterr().out


def test_the_picture_is_written_and_its_fault_named(demo_only, tmp_path, capsys):
    (tmp_path / "in").mkdir()
    grey = cv2.cvtColor(cv2.imread(str(SQUARE)), cv2.COLOR_BGR2GRAY)
    for index in range(20):
        cv2.imwrite(str(tmp_path / "in" / f"{index:02}.png"), grey)
    written = tmp_path / "out.png"
    options = ["--source", f"images:{tmp_path / 'in'}", "--pace", "fast", "--tracker-ignore", "0 0 0.1 0.1"]
    assert main(["doctor", *options, "--picture", str(written)]) == 0
    said = capsys.readouterr().out
    assert "note picture      grey: ages are judged by colour pictures" in said
    assert f"{written}: faces in green" in said
    drawn = cv2.imread(str(written))
    assert drawn.shape[:2] == grey.shape
    assert int(drawn[5, 5, 2]) > int(drawn[5, 5, 1])  # the zone's red
