"""A block map beside the image: only blocks with data are written, by bmaptool."""

import shutil

import pytest

from deploy.card import bmap
from deploy.card.tools import CardFailure
from deploy.errors import DeployError
from tests.deploy.card import images
from tests.deploy.card.images import MIB

MAP = """<?xml version="1.0" ?>
<bmap version="2.0">
    <ImageSize> 10000 </ImageSize>
    <BlockSize> 4096 </BlockSize>
    <BlockMap>
        <Range chksum="00"> 0 </Range>
        <Range chksum="00"> 2-2 </Range>
    </BlockMap>
</bmap>
"""


@pytest.fixture
def mapped(workplace, trixie):
    """The image with its map beside it."""
    if not shutil.which("bmaptool"):
        pytest.skip("needs bmap-tools")
    image = workplace.folder / "mapped.img.xz"
    shutil.copy(trixie, image)
    images.add_sum(image)
    images.tool(
        "bmaptool", "-q", "create", "-o", str(workplace.folder / "mapped.bmap"), str(trixie.with_suffix(""))
    )
    return image


def test_a_map_beside_the_image_has_bmaptool_write_it(workplace, mapped, trixie):
    status, out, complaint = workplace.run(mapped)
    assert (status, "write: 5" in complaint) == (0, False)
    assert "write: the " in out
    image, card = trixie.with_suffix("").read_bytes(), workplace.card.read_bytes()
    for begin, length in bmap.ranges(workplace.folder / "mapped.bmap", images.SIZE):
        if not images.FAT_AT <= begin < images.ROOT_AT:
            assert card[begin : begin + length] == image[begin : begin + length]
    assert workplace.fat("kiosk/COMMIT") == f"{images.COMMIT}\n".encode()


def test_what_bmaptool_wrote_is_read_back(workplace, mapped, monkeypatch):
    def copy(path, image, device, real=bmap.copy):
        real(path, image, device)
        with device.open("r+b") as file:
            file.seek(images.ROOT_AT + 1024 + 56)  # the magic number of ext4
            file.write(b"\0")

    monkeypatch.setattr(bmap, "copy", copy)
    status, _, complaint = workplace.run(mapped)
    assert (status, "the card does not hold what was written" in complaint) == (1, True)


def test_bmaptools_complaint_is_passed_on(tmp_path):
    if not shutil.which("bmaptool"):
        pytest.skip("needs bmap-tools")
    (tmp_path / "a.bmap").write_text(MAP)
    (tmp_path / "a.img").write_bytes(bytes(10000))
    (tmp_path / "card").write_bytes(bytes(MIB))
    with pytest.raises(CardFailure, match=r"bmaptool stopped \(.+\); the card is unfinished: start again"):
        bmap.copy(tmp_path / "a.bmap", tmp_path / "a.img", tmp_path / "card")


def test_runs_of_a_map_in_bytes_the_last_as_long_as_the_image(tmp_path):
    path = tmp_path / "a.bmap"
    path.write_text(MAP)
    assert bmap.ranges(path, 10000) == [(0, 4096), (8192, 1808)]


def test_a_map_of_another_image(tmp_path):
    path = tmp_path / "a.bmap"
    path.write_text(MAP)
    with pytest.raises(
        DeployError, match=r"a.bmap is of another image \(10000 bytes, not 10001\); remove it"
    ):
        bmap.ranges(path, 10001)


@pytest.mark.parametrize("text", ["", "<bmap/>", "<bmap><ImageSize>x</ImageSize></bmap>"])
def test_what_is_no_map(tmp_path, text):
    path = tmp_path / "a.bmap"
    path.write_text(text)
    with pytest.raises(DeployError, match=r"a\.bmap is no block map; remove it"):
        bmap.ranges(path, 10000)


@pytest.mark.parametrize("name", ["os.bmap", "os.img.bmap", "os.img.xz.bmap"])
def test_a_map_is_found_by_its_name(tmp_path, monkeypatch, name):
    monkeypatch.setattr(bmap, "find", lambda tool: f"/usr/bin/{tool}")
    assert bmap.beside(tmp_path / "os.img.xz") is None
    (tmp_path / name).write_text("")
    assert bmap.beside(tmp_path / "os.img.xz") == tmp_path / name
    monkeypatch.setattr(bmap, "find", lambda tool: None)
    assert bmap.beside(tmp_path / "os.img.xz") is None
