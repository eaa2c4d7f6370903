"""Writing, reading back, and what is said when either goes wrong: status 1, and what to do."""

import errno
import os

import pytest

from deploy.card import stream
from deploy.card.fat import Fat
from deploy.card.tools import CardFailure
from tests.deploy.card import images
from tests.deploy.card.images import MIB


def failed(workplace, image):
    """The one line of a failure."""
    status, _, complaint = workplace.run(image)
    assert status == 1
    lines = [line for line in complaint.splitlines() if line.startswith("deploy card: ")]
    assert len(lines) == 1
    return lines[0].removeprefix("deploy card: ")


def test_a_write_error_in_the_middle(workplace, trixie, monkeypatch):
    def pwrite(descriptor, data, at, real=os.pwrite):
        if at >= 20 * MIB:
            raise OSError(errno.EIO, "Input/output error")
        return real(descriptor, data, at)

    monkeypatch.setattr("os.pwrite", pwrite)
    told = failed(workplace, trixie)
    assert told.startswith(
        f"writing ended after {20 * MIB} of {images.SIZE} bytes (Input/output error); the card"
    )
    assert told.endswith("is unfinished: start again, with another card or reader if it happens twice")


def test_an_interruption(workplace, trixie, monkeypatch):
    def pwrite(descriptor, data, at):
        raise KeyboardInterrupt

    monkeypatch.setattr("os.pwrite", pwrite)
    assert failed(workplace, trixie) == "interrupted; the card is unfinished: start again"


def test_what_a_device_takes_in_parts_is_written_whole(workplace, trixie, monkeypatch):
    real = os.pwrite
    monkeypatch.setattr("os.pwrite", lambda descriptor, data, at: real(descriptor, data[: MIB + 1], at))
    assert workplace.run(trixie)[0] == 0
    assert (
        workplace.card.read_bytes()[images.ROOT_AT : images.SIZE]
        == trixie.with_suffix("").read_bytes()[images.ROOT_AT :]
    )


def test_a_card_that_reads_back_something_else(workplace, trixie, monkeypatch):
    def pwrite(descriptor, data, at, real=os.pwrite):
        data = bytearray(data)
        data[-1] ^= at == 8 * MIB  # one bit of all
        return real(descriptor, bytes(data), at)

    monkeypatch.setattr("os.pwrite", pwrite)
    assert failed(workplace, trixie).startswith("the card does not hold what was written (SHA-256 ")


def test_a_card_that_cannot_be_read(workplace, trixie, monkeypatch):
    def forget(descriptor):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(stream, "forget", forget)
    assert failed(workplace, trixie).startswith(
        "reading back failed (Input/output error); the card is unfinished"
    )


def test_a_first_boot_file_that_reads_back_otherwise(workplace, trixie, monkeypatch):
    real = Fat.read
    monkeypatch.setattr(Fat, "read", lambda fat, path: b"" if "COMMIT" in path else real(fat, path))
    told = failed(workplace, trixie)
    assert told == "kiosk/COMMIT reads back otherwise than written; the card is bad: take another"


def test_a_cut_off_download(workplace, trixie):
    path = workplace.folder / "cut.img.xz"
    path.write_bytes(trixie.read_bytes()[:-1000])
    images.add_sum(path)
    before = workplace.card.read_bytes()
    told = failed(workplace, path)
    assert told.startswith("cut.img.xz is cut off or damaged (")
    assert told.endswith("); download it again")
    assert workplace.card.read_bytes() == before


def test_a_damaged_download(workplace, trixie):
    path = workplace.folder / "damaged.img.xz"
    content = bytearray(trixie.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    images.add_sum(path)
    assert failed(workplace, path).endswith("); download it again")


def test_a_device_that_somebody_mounted_meanwhile(tmp_path, monkeypatch):
    def refuse(path, flags):
        assert flags & os.O_EXCL
        raise OSError(errno.EBUSY, "Device or resource busy")

    monkeypatch.setattr("os.open", refuse)
    with pytest.raises(
        CardFailure, match=r"card.img cannot be opened \(Device or resource busy\); unmount it"
    ):
        stream.hold(tmp_path / "card.img")


def test_progress_says_bytes_and_seconds_left():
    progress = stream.Progress("write", 400_000_000, clock=iter([0.0, 10.0]).__next__)
    progress._live = True
    progress._done = 100_000_000
    assert progress.line(10.0) == "write: 100 of 400 MB, 30 s left"


def test_progress_without_a_terminal_is_a_line_a_tenth(capsys):
    progress = stream.Progress("write", 1000, clock=lambda: 0.0)
    for _ in range(100):
        progress.add(10)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 10
    assert lines[-1] == "write: 0 of 0 MB, 0 s left"
