"""A site's folder of crops: private, read whole, deleted for good, nothing else touched."""

import numpy as np
import pytest

from calibration.site import crop_folder
from calibration.synthetic import stored_png
from device.errors import ConfigError


def filled(folder, count=crop_folder.MIN_CROPS):
    crop_folder.create(folder)
    crop = np.full((64, 64, 3), (200, 100, 50), np.uint8)
    for index in range(count):
        (folder / crop_folder.name_of(index)).write_bytes(stored_png.encode(crop))
    return folder


def test_only_this_user_can_read(tmp_path):
    assert (crop_folder.create(tmp_path / "crops").stat().st_mode & 0o777) == 0o700


def test_a_folder_with_anything_in_it_is_refused(tmp_path):
    (tmp_path / "letter.txt").write_text("mine")
    with pytest.raises(ConfigError, match="not empty"):
        crop_folder.create(tmp_path)


def test_read_gives_rgb(tmp_path):
    crops = crop_folder.read(filled(tmp_path / "crops"))
    assert crops.shape == (crop_folder.MIN_CROPS, 64, 64, 3)
    assert crops[0, 0, 0].tolist() == [200, 100, 50]


def test_too_few_and_foreign_folders_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="at least"):
        crop_folder.read(filled(tmp_path / "few", 3))
    with pytest.raises(ConfigError, match="not made by"):
        crop_folder.read(tmp_path)


def test_a_broken_crop_is_named(tmp_path):
    folder = filled(tmp_path / "crops")
    (folder / crop_folder.name_of(7)).write_bytes(b"no picture")
    with pytest.raises(ConfigError, match=r"0007\.png"):
        crop_folder.read(folder)


def test_delete_leaves_what_is_not_its_own(tmp_path):
    folder = filled(tmp_path / "crops")
    (folder / "notes.txt").write_text("keep me")
    assert crop_folder.delete(folder) == crop_folder.MIN_CROPS
    assert [path.name for path in folder.iterdir()] == ["notes.txt"]
    assert crop_folder.delete(filled(tmp_path / "more")) == crop_folder.MIN_CROPS
    assert not (tmp_path / "more").exists()
