"""A card, from an image to a kiosk, on an emulated machine: name, user, key, and the bundle beside them."""

from __future__ import annotations

import subprocess

import pytest

from tests.kept import PATH
from tests.vm.artefacts import artefacts, lacking
from tests.vm.conftest import SUITES
from tests.vm.emulator import BOOT_LIMIT_S, Machine
from tests.vm.kiosk import Kiosk

CARD_BYTES = 4 << 30
FAT = "@@8M"

pytestmark = pytest.mark.vm


@pytest.fixture(scope="module", params=SUITES)
def card(request, tmp_path_factory, workshop):
    """A machine whose disk is a card that `make flash DEV= IMAGE=` wrote, off."""
    if reason := lacking():
        pytest.skip(reason)
    made = artefacts(request.param, "card.sh")
    folder = tmp_path_factory.mktemp(f"card-{request.param}")
    disk, secrets, config = folder / "disk.img", folder / "kiosk.secrets.toml", folder / "kiosk.toml"
    with disk.open("wb") as file:
        file.truncate(CARD_BYTES)
    key = made.key.with_suffix(".pub").read_text().strip()
    secrets.write_text(f'[system]\nhostname = "kiosk-7"\n[user]\nname = "pi"\nauthorized_keys = ["{key}"]\n')
    secrets.chmod(0o600)
    config.write_text('[source]\nuse = "v4l2:/dev/video0"\n[output]\nuse = ["web"]\n')
    command = ["make", "--no-print-directory", "flash", f"DEV={disk}", f"IMAGE={made.disk}"]
    words = [f"SECRETS={secrets}", f"CONFIG={config}"]
    subprocess.run([*command, *words], cwd=workshop.folder, check=True, input=f"{disk}\n", text=True)
    machine = Machine(made, folder)
    yield machine
    machine.cut()
    machine.disk.unlink()


def cmdline(machine: Machine) -> str:
    """The words of cmdline.txt as the firmware of a Pi would give them, but for the console and the root."""
    done = subprocess.run(
        ["mtype", "-i", f"{machine.disk}{FAT}", "::cmdline.txt"],
        env={"PATH": PATH, "MTOOLS_SKIP_CHECK": "1"}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    # the initrd of Raspberry Pi OS turns this path into the one where the partition is mounted
    return done.stdout.strip().replace("/boot/firstrun.sh", "/boot/firmware/firstrun.sh")


def test_a_card_becomes_a_kiosk(card, say):
    if "systemd.run=" in cmdline(card):
        seconds = card.run_out(3 * BOOT_LIMIT_S, cmdline(card))
        assert seconds is not None, card.console[-1000:]
        say(f"{card.artefacts.suite}: firstrun.sh and its restart {seconds:.0f} s")
        card.cut()
        assert "systemd." not in cmdline(card)
    seconds = card.boot(words=cmdline(card))
    say(f"{card.artefacts.suite}: first start to sshd {seconds:.0f} s")
    assert card.ssh("hostname").strip() == "kiosk-7"
    assert card.ssh("id -un").strip() == "pi"
    assert card.ssh("sudo -n id -u").strip() == "0"
    installed = card.ended_within(20 * card.boot_s)  # it restarts itself when it is done
    assert installed is not None, card.ssh("sudo journalctl -u kiosk-first-boot --no-pager | tail -n 30")
    say(f"installed and restarted {installed:.0f} s later")
    card.cut()
    card.boot(words=cmdline(card))
    kiosk = Kiosk(card)
    kiosk.wait_well()
    assert kiosk.property("ActiveState") == "active"
    assert kiosk.torn() == ""
    assert "kiosk\n" not in card.ssh("ls /boot/firmware")
    assert card.ssh("systemctl is-enabled kiosk-first-boot.service", check=False).strip() != "enabled"
    assert card.ssh("sudo stat -c '%a %U %G' /etc/kiosk/kiosk.toml").strip() == "640 root kiosk"
