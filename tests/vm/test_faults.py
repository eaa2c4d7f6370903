"""What the field does to a kiosk that runs: camera gone, process stuck, memory hogged, the whole system stuck."""

from __future__ import annotations

import pytest

from tests.vm.kiosk import Kiosk, wait_for
from tests.vm.test_flash import pace

WATCHDOG = ("-device", "i6300esb", "-watchdog-action", "reset")
GROUP = "/sys/fs/cgroup/system.slice/kiosk.service"
HOG = f"echo $$ > {GROUP}/cgroup.procs; exec python3 -c \"x = bytearray(b'x') * (700 << 20)\""
DISK = "awk '$3 == \"vda\" {print $10}' /proc/diskstats"  # sectors of 512 bytes written

pytestmark = pytest.mark.vm


@pytest.fixture
def kiosk(machine) -> Kiosk:
    if not machine.is_on():
        machine.boot()
    kiosk = Kiosk(machine)
    kiosk.wait_well(5 * machine.boot_s)
    return kiosk


def test_a_camera_gone_and_back(kiosk, machine, say):
    """Taken from its driver as a plug is pulled, for rmmod refuses a module that is in use."""
    boot_id = machine.ssh("cat /proc/sys/kernel/random/boot_id")
    frames = kiosk.health()["frames"]
    machine.ssh("echo vivid.0 | sudo tee /sys/bus/platform/drivers/vivid/unbind")
    wait_for(
        lambda: (kiosk.health() or {}).get("status") in ("degraded", "down"), 60 * pace(machine), lambda: "not noticed"
    )
    wait_for(
        lambda: "gone" in machine.ssh("sudo rmmod vivid && echo gone", check=False), 60 * pace(machine), lambda: "held"
    )
    machine.ssh("sudo modprobe vivid")
    back = kiosk.wait_well(60 * pace(machine))
    say(f"camera gone and back: well {back:.0f} s after modprobe (must: 15 s of a free machine)")
    assert back < 15 * pace(machine)
    assert machine.ssh("cat /proc/sys/kernel/random/boot_id") == boot_id
    assert kiosk.health()["frames"] != frames


def test_a_stopped_process_is_started_again(kiosk, machine, say):
    old, restarts = kiosk.pid(), int(kiosk.property("NRestarts"))
    machine.ssh(f"sudo kill -STOP {old}")
    seconds = wait_for(lambda: kiosk.pid() not in (0, old), 120 * pace(machine), kiosk.journal)
    well = kiosk.wait_well(3 * machine.boot_s)
    say(f"SIGSTOP: a new process after {seconds:.0f} s (must: 45 s), well {well:.0f} s later")
    assert seconds < 45 * pace(machine)
    assert int(kiosk.property("NRestarts")) == restarts + 1


def test_a_hog_in_its_cgroup_is_ended(kiosk, machine, say):
    old, restarts = kiosk.pid(), int(kiosk.property("NRestarts"))
    limit = int(machine.ssh(f"cat {GROUP}/memory.max"))
    machine.ssh(f"sudo sh -c '{_escaped(HOG)}'", check=False)
    seconds = wait_for(lambda: kiosk.pid() not in (0, old), 120 * pace(machine), kiosk.journal)
    kiosk.wait_well(3 * machine.boot_s)
    say(f"a hog ended at MemoryMax of {limit >> 20} MiB, a new process after {seconds:.0f} s")
    assert int(kiosk.property("NRestarts")) == restarts + 1


def test_a_system_that_hangs_is_reset_by_the_hardware_watchdog(machine, say):
    """PID 1 is frozen by its control group: the kernel lets nobody stop it by a signal."""
    machine.power_off()
    machine.boot(*WATCHDOG)
    kiosk = Kiosk(machine)
    machine.ssh("sudo modprobe i6300esb")
    machine.ssh("sudo systemctl daemon-reexec")
    say(f"armed: {machine.ssh('systemctl show --value -p RuntimeWatchdogUSec; sudo dmesg | grep -i watchdog')}")
    kiosk.wait_well(5 * machine.boot_s)
    machine.ssh("echo 1 | sudo tee /sys/fs/cgroup/init.scope/cgroup.freeze")
    seconds = machine.ended_within(120 * pace(machine))
    say(f"PID 1 frozen: reset after {seconds} s (must: 20 s)")
    assert seconds is not None
    assert seconds < 20 * pace(machine)


def test_ten_minutes_are_flat_and_write_nothing(kiosk, machine, say):
    """After two minutes to settle; one command, for every new connection writes a line somewhere."""
    ask = f"{DISK}; cat {GROUP}/memory.current"
    lines = machine.ssh(f"sleep 120; sync; {ask}; sleep 600; sync; {ask}", limit=1500).split()
    sectors, before, sectors_after, after = map(int, lines)
    written = (sectors_after - sectors) * 512
    limit = int(machine.ssh(f"cat {GROUP}/memory.max"))
    peak = int(machine.ssh(f"cat {GROUP}/memory.peak || echo 0", check=False).split()[-1])
    say(
        f"ten minutes: memory {before / 2**20:.1f} → {after / 2**20:.1f} MiB (peak {peak / 2**20:.1f} of {limit >> 20})"
        f", {written / 1024:.0f} KiB written to the disk"
    )
    assert after - before < 2 << 20
    assert after < limit
    assert written < 1 << 20


def _escaped(text: str) -> str:
    return text.replace("'", "'\\''")
