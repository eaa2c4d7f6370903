"""What names and rows say, and what happens to files that say nothing or are no pictures."""

import zipfile

import cv2
import numpy as np
import pytest

from models.data.datasets import DataError, Face, is_validation, load, read_name

PICTURE = cv2.imencode(".png", np.zeros((8, 8, 3), np.uint8))[1].tobytes()


@pytest.mark.parametrize(
    ("path", "age", "gender", "race", "subject"),
    [
        ("train/25_1_2_20170116192031122.jpg.chip.jpg", 25, "female", "asian", "20170116192031122"),
        ("39_1_20170116174525125.jpg.chip.jpg", 39, "female", None, "20170116174525125"),
        ("61_3_20170109150557335.jpg.chip.jpg", 61, None, "indian", "20170109150557335"),
        ("24_0_1_20170116220224657 .jpg.chip.jpg", 24, "male", "black", "20170116220224657"),
        ("images/001A43a.JPG", 43, None, None, "001"),
        ("009055_1M54.JPG", 54, "male", None, "009055"),
        ("01/nm0000001_rm124825600_1899-5-10_1968.jpg", 69, None, None, "nm0000001"),
        ("17/10000217_1981-05-05_2009.jpg", 28, None, None, "10000217"),
        ("00000A02.jpg", 2, "female", None, None),
        ("13000A80.jpg", 80, "male", None, None),
        ("AFAD/15/111/634198-0.jpg", 15, "male", None, None),
    ],
)
def test_what_a_name_says(path, age, gender, race, subject):
    assert read_name(path) == {"age": age, "gender": gender, "race": race, "subject": subject}


def test_a_name_that_says_nothing():
    assert read_name("holiday.jpg") is None


def test_a_zip_with_parts_and_bad_files(tmp_path):
    path = tmp_path / "faces.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("train/25_1_2_20170116192031122.jpg.chip.jpg", PICTURE)
        archive.writestr("test/30_0_0_20170116192031123.jpg.chip.jpg", b"no picture")
        archive.writestr("test/199_0_0_20170116192031124.jpg.chip.jpg", PICTURE)
        archive.writestr("test/holiday.jpg", PICTURE)
    found = load(path)
    assert [face.age for face in found.part("train").faces] == [25]
    test = found.part("test")
    assert list(test.pictures()) == []
    assert test.skipped == {
        "test/199_0_0_20170116192031124.jpg.chip.jpg": "age 199 is outside 0–116",
        "test/holiday.jpg": "its name says no age",
        "test/30_0_0_20170116192031123.jpg.chip.jpg": "not a picture",
    }


def test_a_csv_manifest(tmp_path):
    (tmp_path / "a.png").write_bytes(PICTURE)
    (tmp_path / "faces.csv").write_text("path,age,subject\na.png,31,ann\nb.png,old\n")
    found = load(tmp_path / "faces.csv")
    assert found.faces == [Face("a.png", 31, subject="ann")]
    assert [picture.shape for _, picture in found.pictures()] == [(8, 8, 3)]
    assert "b.png" in found.skipped


def test_megaage_reads_its_lists(tmp_path):
    (tmp_path / "list").mkdir()
    (tmp_path / "train").mkdir()
    (tmp_path / "list" / "train_age.txt").write_text("12\n34\n")
    for i in (1, 2):
        (tmp_path / "train" / f"{i}.jpg").write_bytes(PICTURE)
    found = [(face.path, face.age) for face in load(tmp_path).faces]
    assert found == [("train/1.jpg", 12), ("train/2.jpg", 34)]


@pytest.mark.parametrize("name", ["nowhere", "nothing.txt"])
def test_what_is_no_data_set(tmp_path, name):
    (tmp_path / "nothing.txt").write_text("")
    with pytest.raises(DataError, match=name):
        load(tmp_path / name)


def test_a_folder_without_a_face(tmp_path):
    with pytest.raises(DataError, match="no usable face"):
        load(tmp_path)


def test_one_photograph_in_two_resolutions_is_on_one_side():
    small = Face("a/25_1_2_20170116192031122.jpg", 25, subject="20170116192031122")
    large = Face("b/25_1_2_20170116192031122.jpg", 25, subject="20170116192031122")
    assert is_validation(small) == is_validation(large)


def test_the_fingerprint_changes_with_the_faces(tmp_path):
    (tmp_path / "25_1_2_20170116192031122.jpg").write_bytes(PICTURE)
    before = load(tmp_path).fingerprint()
    (tmp_path / "26_1_2_20170116192031123.jpg").write_bytes(PICTURE)
    assert load(tmp_path).fingerprint() != before
