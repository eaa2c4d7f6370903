"""Applying a site's crops: the verdict, and the rejections that need no TensorFlow."""

import numpy as np

from calibration.__main__ import main
from calibration.site import apply, crop_folder
from calibration.synthetic import stored_png


def test_no_worse_on_the_check_set_is_accepted():
    assert apply.Verdict(check=(0.20, 0.20 + apply.TOLERANCE / 2), site=(0.5, 0.3)).accepted
    assert not apply.Verdict(check=(0.20, 0.25), site=(0.5, 0.1)).accepted


def test_verdict_as_text():
    text = apply.Verdict(check=(0.2, 0.15), site=(0.5, 0.3)).text()
    assert "check set: 0.200 years from the float network before, 0.150 now" in text


def test_without_tensorflow_it_says_where_to_go(tmp_path, monkeypatch, capsys):
    folder = crop_folder.create(tmp_path / "crops")
    crop = stored_png.encode(np.zeros((64, 64, 3), np.uint8))
    for index in range(crop_folder.MIN_CROPS):
        (folder / crop_folder.name_of(index)).write_bytes(crop)
    monkeypatch.setattr(apply, "find_spec", lambda name: None)
    assert main(["apply", str(folder)]) == 2
    assert "make training" in capsys.readouterr().err
    assert len(crop_folder.read(folder)) == crop_folder.MIN_CROPS


def test_a_rejected_file_changes_nothing(tmp_path, monkeypatch, capsys):
    folder = crop_folder.create(tmp_path / "crops")
    old = tmp_path / "age.tflite"
    old.write_bytes(b"old")
    verdict = apply.Verdict(check=(0.2, 0.9), site=(0.5, 0.1))
    assert apply.install_or_reject(verdict, "age", old, b"new", folder, keep=False) == 1
    assert old.read_bytes() == b"old"
    assert folder.exists()
    assert "Rejected" in capsys.readouterr().err


def test_an_accepted_file_goes_in_and_the_crops_go(tmp_path):
    folder = crop_folder.create(tmp_path / "crops")
    (folder / crop_folder.name_of(0)).write_bytes(b"crop")
    old = tmp_path / "age.tflite"
    old.write_bytes(b"old")
    verdict = apply.Verdict(check=(0.2, 0.2), site=(0.5, 0.1))
    assert apply.install_or_reject(verdict, "age", old, b"new", folder, keep=False) == 0
    assert old.read_bytes() == b"new"
    assert (tmp_path / "age.before-site.tflite").read_bytes() == b"old"
    assert '"age.tflite"' in (tmp_path / "pins.json").read_text()
    assert not folder.exists()
