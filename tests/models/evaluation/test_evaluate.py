"""The metrics by hand, and the command on a folder of drawn faces."""

import json

import cv2
import numpy as np
import pytest

from device.age.network import Reading
from models.__main__ import main as command
from models.evaluation.evaluate import grouped, main, scores


def test_scores_by_hand():
    result = scores(np.array([10.0, 20, 30, 80]), np.array([12.0, 14, 30, 90]))
    assert result == {"mae": 4.5, "ca3": 50.0, "ca5": 50.0, "ca7": 75.0, "bias": 1.5, "mae_16_77": 3.0}


def test_groups_leave_out_what_is_not_known():
    result = grouped(["male", None, "male"], np.array([1.0, 100.0, -3.0]))
    assert result == {"male": {"mae": 2.0, "bias": -1.0, "n": 2}}


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    for i, age in enumerate((20, 30, 40)):
        noise = rng.integers(0, 256, (64, 64, 3), np.uint8)
        cv2.imwrite(str(tmp_path / f"{age}_1_2_2017011619203112{i}.jpg"), noise)
    (tmp_path / "50_0_0_20170116192031129.jpg").write_bytes(b"")
    return tmp_path


def test_the_json_report(folder, capsys):
    assert main(["--data", str(folder), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["n"] == 3
    assert report["skipped"] == 1
    assert set(report["by_decade"]) == {"20", "30", "40"}
    wanted = "n missed mae ca3 ca5 ca7 bias mae_16_77 by_decade by_gender by_race masked eyes_covered p99_ms"
    assert {*wanted.split(), "model_sha256"} <= set(report)


def test_the_device_reads_each_face_both_ways_round(folder, capsys, monkeypatch):
    """A network that sees how much brighter a crop's left half is: its mirror image cancels it."""

    def read(net, crop):
        return Reading(50 + float(crop[:, :32].mean() - crop[:, 32:].mean()), (0.0,) * 6)

    monkeypatch.setattr("device.age.network.AgeNet.read", read)
    assert main(["--data", str(folder), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["both_ways"]["mae"] == 20  # 50 is said of those of 20, 30 and 40
    assert report["mae"] != 20
    assert main(["--data", str(folder)]) == 0
    assert (
        "MAE 20.00 years, bias +20.00, CA(3) 0.0 %, CA(5) 0.0 %, CA(7) 0.0 %: as the device"
        in capsys.readouterr().out
    )


@pytest.fixture
def always(monkeypatch):
    """A network that takes everybody for 30."""
    monkeypatch.setattr("device.age.network.AgeNet.read", lambda net, crop: Reading(30.0, (0.0,) * 6))


def grey(path):
    path.parent.mkdir(exist_ok=True)
    cv2.imwrite(str(path), np.full((64, 64, 3), 90, np.uint8))


def test_a_set_in_morph2s_naming_gives_the_papers_figure(tmp_path, always, capsys):
    for name in ("009055_1M54", "009055_2M55", "012345_0F16", "123456_3F77", "000001_0M12"):
        grey(tmp_path / f"{name}.JPG")
    assert main(["--data", str(tmp_path), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["n"] == 5
    assert report["mae"] == round((24 + 25 + 14 + 47 + 18) / 5, 3)
    assert report["mae_16_77"] == (24 + 25 + 14 + 47) / 4  # MORPH2's span of ages, without the child of 12
    assert report["by_gender"]["female"] == {"mae": 30.5, "bias": -16.5, "n": 2}
    assert main(["--data", str(tmp_path)]) == 0
    assert "MAE of those of 16 to 77, MORPH2's span of ages: 27.50" in capsys.readouterr().out


def test_a_set_in_megaage_asians_naming_gives_its_cumulative_scores(tmp_path, always, capsys):
    (tmp_path / "list").mkdir()
    (tmp_path / "list" / "train_age.txt").write_text("60\n")
    (tmp_path / "list" / "test_age.txt").write_text("30\n33\n26\n37\n50\n")
    grey(tmp_path / "train" / "1.jpg")
    for i in range(1, 6):
        grey(tmp_path / "test" / f"{i}.jpg")
    assert main(["--data", str(tmp_path), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["n"] == 5  # of the test part
    assert (report["ca3"], report["ca5"], report["ca7"]) == (40.0, 60.0, 80.0)


def test_no_data_is_one_message(tmp_path, capsys):
    assert command(["evaluate", "--data", str(tmp_path / "none.zip")]) == 2
    assert "none.zip" in capsys.readouterr().err


def test_noise_holds_no_face(folder, capsys):
    assert command(["evaluate", "--data", str(folder), "--detect"]) == 2
    assert "no face was found" in capsys.readouterr().err
