"""What is refused: one line that names the remedy, status 2, and the card as it was."""

import os

import pytest

from tests.deploy.card import images
from tests.deploy.card.images import elf


def refused(workplace, image, *options, **more):
    """The one line of a refusal, after which the card is as it was."""
    os.utime(workplace.card, (0, 0))
    status, _, complaint = workplace.run(image, *options, **more)
    assert status == 2
    assert workplace.card.stat().st_mtime_ns == 0  # nothing was written to it
    lines = complaint.splitlines()
    assert len(lines) == 1
    return lines[0].removeprefix("deploy card: ")


def test_a_card_that_is_too_small(workplace, trixie):
    os.truncate(workplace.card, images.SIZE - 1)
    assert refused(workplace, trixie).endswith("0.05 GB and the image needs 0.05; take a larger card")


def test_a_disk_of_more_than_256_gb(workplace, trixie, monkeypatch):
    large = workplace.folder / "large.img"
    with large.open("wb") as file:
        file.truncate(256_000_000_001)
    assert "has 256 GB, and 256 is the most" in refused(workplace, trixie, device=large)


def test_a_card_that_is_not_there(workplace, trixie):
    assert refused(workplace, trixie, device="/dev/sdzz").startswith(
        "there is no /dev/sdzz; compare what `lsblk`"
    )


def test_what_is_no_disk(workplace, trixie):
    assert refused(workplace, trixie, device="/dev/null").startswith("/dev/null is no disk")


def test_an_image_whose_sum_is_wrong(workplace, trixie):
    told = refused(workplace, trixie, "--sha256", "0" * 64)
    assert told.endswith("and 000000000000… was published; download it again")


def test_an_image_whose_sum_nobody_knows(workplace, trixie):
    alone = workplace.folder / "alone.img.xz"
    alone.write_bytes(trixie.read_bytes())
    told = refused(workplace, alone)
    assert told == "alone.img.xz.sha256 is not there; download it beside the image, or give SHA256="


def test_a_sum_that_is_none(workplace, trixie):
    assert refused(workplace, trixie, "--sha256", "abc") == "SHA256= holds no SHA-256 (64 hexadecimal digits)"


def test_a_zip(workplace, tmp_path):
    told = refused(workplace, tmp_path / "raspios.zip")
    assert told.startswith("raspios.zip is a .zip; unpack it and name the .img in it")


def test_a_file_of_another_kind(workplace, tmp_path):
    assert refused(workplace, tmp_path / "raspios.iso").startswith("raspios.iso is neither .img.xz nor .img")


def test_an_image_that_is_not_there(workplace, tmp_path):
    assert refused(workplace, tmp_path / "none.img.xz").startswith("there is no image ")


@pytest.mark.parametrize(
    ("name", "root"),
    [
        ("raspbian", {"etc/os-release": "ID=raspbian\nVERSION_CODENAME=bookworm\n"}),
        ("armhf", {**images.TRIXIE, "usr/bin/dpkg": elf(32, 40)}),
    ],
)
def test_a_32_bit_image(workplace, image_of, name, root):
    assert " is a 32-bit system; take the .img.xz of" in refused(workplace, image_of(name, root))


def test_another_release(workplace, image_of):
    image = image_of("bullseye", {"etc/os-release": "ID=debian\nVERSION_CODENAME=bullseye\n"})
    assert "bullseye.img is bullseye, not bookworm or trixie; take" in refused(workplace, image)


@pytest.mark.parametrize(
    ("name", "mark"),
    [
        ("greeter", {"var/lib/dpkg/status": "Package: lightdm\nStatus: install ok installed\n"}),
        ("stage4", {"etc/rpi-issue": "Generated using pi-gen, https://example.org, 0f3c, stage4\n"}),
    ],
)
def test_a_desktop_image_unless_a_window_is_asked_for(workplace, image_of, name, mark):
    image = image_of(name, {**images.TRIXIE, **mark})
    assert refused(workplace, image).endswith("or say SCREEN=window")
    assert workplace.run(image, "--screen", "window")[0] == 0


def test_an_image_of_stage_2_is_no_desktop(workplace, image_of):
    issue = "Raspberry Pi reference 2025-12-04\nGenerated using pi-gen, https://example.org, 0f3c, stage2\n"
    image = image_of("lite", {**images.TRIXIE, "etc/rpi-issue": issue, "usr/bin/dpkg": elf(64, 183)})
    assert workplace.run(image)[0] == 0


def test_an_image_without_cmdline_txt(workplace, image_of):
    image = image_of("debian", {**images.TRIXIE}, {"cmdline.txt": ""})
    plain = image.with_suffix("")
    images.tool("mdel", "-i", f"{plain}@@{images.FAT_AT}", "::cmdline.txt")
    images.add_sum(plain)
    assert "debian.img has no cmdline.txt, so it is no Raspberry Pi OS" in refused(workplace, plain)


def test_a_file_without_partitions(workplace):
    path = workplace.folder / "zero.img"
    path.write_bytes(bytes(4096))
    images.add_sum(path)
    assert refused(workplace, path).startswith("zero.img holds no partition table; take")


def test_an_image_that_ends_before_its_partitions(workplace, trixie):
    path = workplace.folder / "short.img"
    path.write_bytes(trixie.with_suffix("").read_bytes()[: images.SIZE - 512])
    images.add_sum(path)
    assert refused(workplace, path).startswith("short.img ends before its last partition")


def test_another_name_typed_than_that_of_the_card(workplace, trixie):
    assert (
        refused(workplace, trixie, typed="/dev/sda\n")
        == f"'/dev/sda' is not {workplace.card}; nothing was written"
    )


def test_the_image_itself_as_the_card(workplace, trixie):
    plain = workplace.folder / "own.img"
    plain.write_bytes(trixie.with_suffix("").read_bytes())
    images.add_sum(plain)
    assert refused(workplace, plain, device=plain).endswith("is the image itself; name the card")


def test_a_bundle_of_another_system(workplace, trixie):
    assert "is for bookworm, and the image is trixie" in refused(workplace, trixie, system="bookworm")


def altered(path):
    """A bundle with one byte changed after its sums were taken."""
    plain = images.tool("zstd", "-dc", str(path)).replace(b"python3-picamera2", b"python3-picamera3")
    return images.tool("zstd", "-q", "-c", given=plain)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda path: b"no archive", "is no bundle"),
        (lambda path: path.read_bytes()[:-20], "is cut short"),
        (lambda path: images.tool("zstd", "-q", "-c", given=bytes(10240)), "is no bundle"),
        (altered, "was altered: release.json has another sum"),
    ],
)
def test_a_damaged_or_foreign_bundle(workplace, trixie, change, told):
    path = workplace.folder / "other.tar.zst"
    path.write_bytes(change(images.bundle(workplace.folder, "trixie")))
    assert f"other.tar.zst {told}" in refused(workplace, trixie, "--bundle", str(path))


def test_settings_that_the_application_refuses(workplace, trixie):
    path = workplace.folder / "kiosk.toml"
    path.write_text("[camera]\nwidth = 7\n")
    assert "camera.width = 7 is not allowed" in refused(workplace, trixie, "--config", str(path))


def test_a_bundle_larger_than_the_fat_partition(workplace, trixie, monkeypatch):
    monkeypatch.setattr("deploy.card.command.AIR", 60 * images.MIB)
    monkeypatch.setattr("deploy.card.command.Fat.free", lambda fat: 60 * images.MIB)
    assert "the image's FAT partition has 63 MB free and 63 are needed" in refused(workplace, trixie)


def test_no_room_to_unpack_the_image(workplace, trixie, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda folder: os.terminal_size((0, 0)) and Usage())
    assert "free and the unpacked image needs 0.1; make room, or set TMPDIR" in refused(workplace, trixie)


def test_a_disk_that_fills_while_the_image_is_unpacked(workplace, trixie, monkeypatch):
    def decompress(image, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("deploy.card.source._decompress", decompress)
    told = refused(workplace, trixie)
    assert told.endswith("could not be written (No space left on device); set TMPDIR to another folder")


class Usage:
    """A full disk."""

    free = 0


def test_a_tool_that_is_not_installed(workplace, trixie, monkeypatch):
    found = __import__("shutil").which
    monkeypatch.setattr(
        "shutil.which", lambda name, path=None: None if name == "mcopy" else found(name, path=path)
    )
    assert refused(workplace, trixie) == "mtools not installed; sudo apt install mtools"
