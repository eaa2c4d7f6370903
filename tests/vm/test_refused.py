"""What `make flash` refuses: one sentence with the remedy, and nothing changed on the machine."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.vm.emulator import Machine
from tests.vm.kiosk import wait_for
from tests.vm.test_flash import FLASH_LIMIT_S

pytestmark = pytest.mark.vm


@pytest.fixture
def refused(machine, kiosk, workshop, say):
    """Flashes with these arguments more, which must be refused with the words."""
    before = kiosk.listing()

    def run(words: str, *arguments: str) -> None:
        done = machine.make("-C", str(workshop.folder), "flash", *arguments, limit=FLASH_LIMIT_S)
        told = [line for line in done.stdout.splitlines() if line.startswith("deploy flash: ")]
        say(f"{told}")
        assert "Error 2" in done.stdout, done.stdout
        assert len(told) == 1, done.stdout
        assert words in told[0]

    yield run
    assert kiosk.listing() == before


def test_another_system(machine, refused):
    other = {"bookworm": "trixie", "trixie": "bookworm"}[machine.artefacts.suite]
    refused(f"say OS={machine.artefacts.suite}", f"OS={other}")


def test_another_key(machine, tmp_path, refused):
    key, config = tmp_path / "key", tmp_path / "config"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    lines = machine.config.read_text().splitlines(keepends=True)
    config.write_text("".join(line for line in lines if not line.startswith("IdentityFile")))
    refused("does not take this key", f"KEY={key}", f"ARGS=--ssh-config {config}")


def test_another_host_key(machine, tmp_path, refused):
    known = machine.folder / "known_hosts"
    right = known.read_text()
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    kind, digits, _ = Path(f"{key}.pub").read_text().split()
    known.write_text(f"[127.0.0.1]:{machine.port} {kind} {digits}\n")
    try:
        refused("ssh-keygen -R")
    finally:
        known.write_text(right)


def test_no_sudo(machine, refused):
    """The way back needs sudo, so a timer of systemd's is set before it is taken away."""
    back = "sed -i 's/) ALL/) NOPASSWD:ALL/' /etc/sudoers.d/pi; touch /run/back"
    machine.ssh(f'sudo rm -f /run/back; sudo systemd-run --quiet --on-active=60 sh -c "{back}"')
    machine.ssh("sudo sed -i 's/NOPASSWD://' /etc/sudoers.d/pi")
    try:
        refused("sudo without a password")
    finally:
        wait_for(lambda: not machine.ssh("ls /run/back", check=False).count("cannot"), 300, lambda: "no sudo")


def test_a_clock_in_1970(machine, refused):
    with changed(machine, "sudo date -s @1000", f"sudo date -s @{time.time():.0f}"):
        refused("clock says 1970")


def test_a_full_disk(machine, refused):
    fill = "sudo fallocate -l $(( $(df --output=avail -B1 / | tail -1) - 50000000 )) /full"
    with changed(machine, fill, "sudo rm /full"):
        refused("are free")


@contextmanager
def changed(machine: Machine, there: str, back: str) -> Iterator[None]:
    """One command on the machine before, another after."""
    machine.ssh(there)
    try:
        yield
    finally:
        machine.ssh(back)
