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


@pytest.mark.parametrize("listing", ["list_patition_label.txt", "list_partition_label.txt"])
def test_raf_dbs_list_names_the_expressions(tmp_path, listing):
    (tmp_path / "EmoLabel").mkdir()
    (tmp_path / "Image").mkdir()
    lines = "train_00001.jpg 5\ntest_0001.jpg 1\ntrain_00002.jpg 9\n"
    (tmp_path / "EmoLabel" / listing).write_text(lines)
    for name in ("train_00001_aligned", "train_00002_aligned", "test_0001_aligned", "holiday"):
        (tmp_path / "Image" / f"{name}.jpg").write_bytes(PICTURE)
    found = load(tmp_path, "expression")
    said = {face.path: (face.part, face.expression) for face in found.faces}
    assert said == {
        "Image/train_00001_aligned.jpg": ("train", "sadness"),
        "Image/test_0001_aligned.jpg": ("test", "surprise"),
    }
    assert set(found.skipped) == {"Image/train_00002_aligned.jpg", "Image/holiday.jpg"}
    assert [face.path for face in found.part("test").faces] == ["Image/test_0001_aligned.jpg"]
    with pytest.raises(DataError, match="its name says no age"):
        load(tmp_path)


def test_a_manifests_column_is_a_score(tmp_path):
    manifest = tmp_path / "faces.csv"
    manifest.write_text("path,subject,Beauty,age\na.png,ann,4.5,31\nb.png,bob,nan,20\nc.png,eve,,25\n")
    found = load(manifest, "beauty")
    assert [(f.path, f.value, f.score, f.subject) for f in found.faces] == [("a.png", 4.5, 4.5, "ann")]
    assert found.skipped == {
        "b.png": "score nan is no finite number",
        "c.png": "no beauty in its row; wanted: path,beauty[,subject]",
    }
    assert [(f.value, f.score) for f in load(manifest).faces] == [(31, None), (20, None), (25, None)]
    assert load(manifest).fingerprint() != found.fingerprint()


def test_a_label_that_the_set_does_not_tell_is_refused(tmp_path):
    (tmp_path / "faces.csv").write_text("path,age\na.png,31\n")
    with pytest.raises(DataError, match=r"faces\.csv: no column 'beauty' in its header"):
        load(tmp_path / "faces.csv", "beauty")
    with pytest.raises(DataError, match="'beauty' is told by CSV manifests alone"):
        load(tmp_path, "beauty")


def test_an_age_that_is_no_number_is_left_out(tmp_path):
    (tmp_path / "faces.csv").write_text("a.png,nan\nb.png,31\n")
    assert [face.path for face in load(tmp_path / "faces.csv").faces] == ["b.png"]


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
