"""Every file that the product reads from itself, damaged in each way: one line that names it, and a status.

A card whose power was cut has empty, short and mixed-up files. None of them ends in a traceback or in a kiosk
that says it is well.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from device.errors import AssetError
from device.faces.exposure_check import RANGE, calibrated_range

ROOT = Path(__file__).resolve().parents[2]
RUN = ["run", "--source", "demo", "--output", "web:{port}", "--frames", "8", "--pace", "fast"]
FILES = [  # that this run reads
    "device/camera/demo/people.webp",
    "device/outputs/web/static/page.js",
    "device/overlay/glyphs.json",
    "device/overlay/glyphs.pgm.gz",
    "models/age.noise.json",
    "models/age.tflite",
    "models/pins.json",
    "models/fetched/face_detection_short_range.tflite",
]
DAMAGE = {
    "gone": lambda path: path.unlink(),
    "empty": lambda path: path.write_bytes(b""),
    "cut": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "zeros": lambda path: path.write_bytes(bytes(path.stat().st_size)),
    "mixed up": lambda path: path.write_bytes(path.read_bytes()[::-1]),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
}


@pytest.fixture(scope="module")
def product(tmp_path_factory):
    """A copy of the product that may be damaged, with links to what is not touched."""
    if not (ROOT / "models" / "fetched" / "face_detection_short_range.tflite").exists():
        pytest.skip("the detectors were not fetched (make setup)")
    copy = tmp_path_factory.mktemp("product")
    shutil.copytree(ROOT / "device", copy / "device", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "models", copy / "models", ignore=shutil.ignore_patterns("__pycache__", "*.h5"))
    return copy


def run(product, port):
    return subprocess.run(
        [sys.executable, "-m", "device", *(word.format(port=port) for word in RUN)],
        cwd=product,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.native
def test_the_whole_product_runs(product, free_port):
    done = run(product, free_port)
    assert done.returncode == 0, done.stderr


TEXT = ("empty", "cut", "zeros", "mixed up")  # of a page any text is as good as another here: sums guard it


@pytest.mark.slow
@pytest.mark.native
@pytest.mark.parametrize("damage", DAMAGE)
@pytest.mark.parametrize("file", FILES)
def test_a_damaged_file_is_named(product, free_port, file, damage):
    path = product / file
    if path.suffix == ".js" and damage in TEXT:
        return
    DAMAGE[damage](path)
    try:
        done = run(product, free_port)
    finally:
        if path.is_dir():
            path.rmdir()
        shutil.copy(ROOT / file, path)
    said = done.stdout + done.stderr
    assert "Traceback" not in said
    assert Path(file).name in said or Path(file).parent.name in said
    assert done.returncode == 4, said


@pytest.mark.parametrize("damage", DAMAGE)
def test_damaged_limits_of_good_pictures_are_named(tmp_path, damage):
    path = tmp_path / "calibrated_range.json"
    shutil.copy(RANGE, path)
    assert set(calibrated_range(path)) == {"brightness", "sharpness", "red", "blue"}
    DAMAGE[damage](path)
    with pytest.raises(
        AssetError, match=r"calibrated_range\.json: the limits of good pictures are missing or"
    ):
        calibrated_range(path)
