"""What lsblk says of a device, and why it may not be written."""

import json
from pathlib import Path

import pytest

from deploy.card import disk
from deploy.errors import DeployError

READER = {
    "name": "sdb",
    "path": "/dev/sdb",
    "type": "disk",
    "size": 31914983424,
    "rm": True,
    "hotplug": True,
    "ro": False,
    "model": "STORAGE DEVICE  ",
    "serial": "000000001206",
    "tran": "usb",
    "mountpoints": [None],
}
SYSTEM = {
    **READER,
    "name": "nvme0n1",
    "path": "/dev/nvme0n1",
    "rm": False,
    "hotplug": False,
    "children": [
        {
            "path": "/dev/nvme0n1p2",
            "mountpoints": [None],
            "children": [{"path": "/dev/mapper/root", "mountpoints": ["/var", "/"]}],
        },
    ],
}


def refusal(**changes) -> str:
    """Why the reader with these changes is refused; "" when it is not."""
    entry = {**READER, **changes}
    try:
        disk.refuse(disk.described(Path(entry["path"]), entry), 3_000_000_000)
    except DeployError as error:
        return str(error)
    return ""


def test_a_card_in_its_reader_is_taken_and_described_as_its_label_is():
    assert refusal() == ""
    told = str(disk.described(Path("/dev/sdb"), READER))
    assert told == "/dev/sdb, model STORAGE DEVICE, serial 000000001206, 31.9 GB"


def test_a_card_in_a_built_in_reader_is_hot_plugged_and_not_removable():
    assert refusal(path="/dev/mmcblk0", rm=False, hotplug=True, model=None, serial=None) == ""


def test_the_disk_of_this_computer_however_deep_its_root_lies():
    found = disk.described(Path("/dev/nvme0n1"), SYSTEM)
    with pytest.raises(DeployError, match=r"/dev/nvme0n1 is the disk that this computer runs from; compare"):
        disk.refuse(found, 1)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {"children": [{"path": "/dev/sdb1", "mountpoints": ["/media/me/bootfs"]}]},
            "/dev/sdb is in use: /dev/sdb1 is mounted at /media/me/bootfs; sudo umount /dev/sdb1",
        ),
        (
            {"children": [{"path": "/dev/sdb2", "mountpoints": ["[SWAP]"]}]},
            "/dev/sdb is in use: /dev/sdb2 is mounted at [SWAP]; sudo swapoff /dev/sdb2",
        ),
        ({"rm": False, "hotplug": False}, "/dev/sdb is not removable, so it is no card"),
        ({"ro": True}, "/dev/sdb is read-only; move the card's lock switch"),
        ({"size": 256_000_000_001}, "/dev/sdb has 256 GB, and 256 is the most"),
        ({"size": 2_999_999_999}, "/dev/sdb has 3.00 GB and the image needs 3.00; take a larger card"),
        ({"size": 0}, "/dev/sdb has 0.00 GB and the image needs 3.00"),
        ({"type": "part", "path": "/dev/sdb1"}, "/dev/sdb1 is a partition; name the whole disk"),
        ({"type": "rom", "path": "/dev/sr0"}, "/dev/sr0 is no disk (rom)"),
    ],
)
def test_refusals(changes, told):
    assert refusal(**changes).startswith(told)


def test_a_card_that_the_person_may_not_write(monkeypatch):
    monkeypatch.setattr("os.access", lambda path, mode: False)
    with pytest.raises(
        DeployError, match="/dev/sdb may not be written by you; use sudo, or join the group disk"
    ):
        disk.refuse_unwritable(disk.described(Path("/dev/sdb"), READER))


def test_a_dry_run_needs_no_such_right(workplace, trixie, monkeypatch):
    monkeypatch.setattr("os.access", lambda path, mode: mode != 2)
    assert workplace.run(trixie, "--dry-run")[0] == 0
    assert workplace.run(trixie)[0] == 2


def test_a_device_is_asked_of_lsblk(monkeypatch):
    asked = []

    def run(*command):
        asked.append(command)
        return type("Done", (), {"stdout": json.dumps({"blockdevices": [READER]}).encode()})

    monkeypatch.setattr(disk, "run", run)
    assert disk.lsblk(Path("/dev/sdb")) == READER
    assert asked == [("lsblk", "--json", "--bytes", "--output", disk.COLUMNS, "/dev/sdb")]


def test_a_device_that_lsblk_does_not_know():
    with pytest.raises(DeployError, match="lsblk does not know /dev/null"):
        disk.lsblk(Path("/dev/null"))


@pytest.mark.parametrize(("answer", "confirmed"), [("/dev/sdb\n", True), ("/dev/sda\n", False), ("", False)])
def test_the_name_must_be_typed_again(answer, confirmed):
    assert disk.is_confirmed(disk.described(Path("/dev/sdb"), READER), "/dev/sdb", answer) is confirmed


def test_a_file_needs_no_person_but_heeds_one():
    file = disk.Target(Path("card.img"), 1, is_file=True)
    assert disk.is_confirmed(file, "card.img", "")
    assert not disk.is_confirmed(file, "card.img", "no\n")
