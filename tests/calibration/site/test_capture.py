"""The capture loop on the demo scene: nothing without consent, and only in the folder that was named."""

import pytest

from calibration.__main__ import main
from calibration.site import crop_folder

DEMO = ["--source", "demo", "--pace", "fast", "--output", "none"]


def networks_or_skip():
    from device.config.options import load
    from device.errors import DeviceError
    from device.pipeline.pipeline import open_networks

    try:
        open_networks(load(None))
    except DeviceError as error:
        pytest.skip(f"the networks are not here: {error}")


def test_without_consent_nothing_is_kept(tmp_path, capsys):
    assert main(["capture", str(tmp_path / "crops"), *DEMO]) == 2
    assert not (tmp_path / "crops").exists()
    said = capsys.readouterr().err
    assert "What will be kept" in said
    assert "--consent" in said


def test_too_many_are_refused(tmp_path, capsys):
    assert main(["capture", str(tmp_path), "--consent", "--count", "5000", *DEMO]) == 2
    assert "100 to 1000" in capsys.readouterr().err


def test_capture_of_the_demo(tmp_path, monkeypatch, capsys):
    networks_or_skip()
    monkeypatch.setattr(crop_folder, "MIN_CROPS", 5)
    folder = tmp_path / "crops"
    assert main(["capture", str(folder), "--consent", "--count", "8", *DEMO]) == 0
    assert len(crop_folder.read(folder)) == 8
    crops = {crop_folder.name_of(i) for i in range(8)}
    assert {path.name for path in folder.iterdir()} == {crop_folder.MARKER_FILE, *crops}
    assert [path.name for path in tmp_path.iterdir()] == ["crops"]
    assert "8 of 8 crops" in capsys.readouterr().err


def test_unknown_command(capsys):
    assert main(["captur"]) == 2
    assert "allowed: build" in capsys.readouterr().err
