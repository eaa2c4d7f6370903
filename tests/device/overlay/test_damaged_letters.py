import shutil

import pytest

from device.errors import AssetError
from device.overlay import text
from device.overlay.text import Typesetter


@pytest.fixture
def assets(tmp_path, monkeypatch):
    for name in ("glyphs.json", "glyphs.pgm.gz"):
        shutil.copy(text.ASSETS / name, tmp_path / name)
    monkeypatch.setattr(text, "ASSETS", tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", ["glyphs.json", "glyphs.pgm.gz"])
@pytest.mark.parametrize("damage", ["missing", "empty", "cut", "other"])
def test_damaged_letters_are_status_4_and_their_name(assets, name, damage):
    path = assets / name
    content = path.read_bytes()
    if damage == "missing":
        path.unlink()
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage == "cut":
        path.write_bytes(content[: len(content) // 2])
    else:
        path.write_bytes(b"[]")
    with pytest.raises(AssetError, match=r"glyphs.*missing or damaged") as caught:
        Typesetter()
    assert caught.value.exit_status == 4
    assert "\n" not in str(caught.value)
