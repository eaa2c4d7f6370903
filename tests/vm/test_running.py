"""What the field does to a kiosk that runs: camera gone, process stuck, memory hogged, the system stuck."""

from __future__ import annotations

import pytest

from tests.vm.kiosk import Kiosk, wait_for
from tests.vm.test_flash import FLASH_LIMIT_S, flash_arguments, pace

WATCHDOG = ("-device", "i6300esb", "-watchdog-action", "reset")
GROUP = "/sys/fs/cgroup/system.slice/kiosk.service"
HOG = f'echo $$ > {GROUP}/cgroup.procs; exec python3 -c "x = bytearray(700 << 20); x[::4096] = x[1::4096]"'
ASK = f"awk '$3 == \"vda\" {{print $10}}' /proc/diskstats; cat {GROUP}/memory.current"

pytestmark = pytest.mark.vm


def test_a_camera_gone_and_back(kiosk, machine, say):
    """Taken from its driver as a plug is pulled, for rmmod refuses a module that is in use."""
    boot_id = machine.ssh("cat /proc/sys/kernel/random/boot_id")
    limit = 60 * pace(machine)
    machine.ssh("echo vivid.0 | sudo tee /sys/bus/platform/drivers/vivid/unbind")
    noticed = wait_for(lambda: not kiosk.is_well(), limit, lambda: "nobody noticed")
    wait_for(
        lambda: not machine.ssh("sudo rmmod vivid", check=False), limit, lambda: "the camera is still held"
    )
    machine.ssh("sudo modprobe vivid")
    back = kiosk.wait_well()
    say(f"camera gone: noticed after {noticed:.0f} s; back: frames {back:.0f} s after modprobe (must: 15 s)")
    assert back < 15 * pace(machine)
    assert machine.ssh("cat /proc/sys/kernel/random/boot_id") == boot_id


def started_again_after(what: str, kill: str, kiosk, machine, say) -> None:
    """Send the kiosk a signal that makes it hang; a new process does its job, counted as one restart."""
    old, restarts = kiosk.pid(), int(kiosk.property("NRestarts"))
    machine.ssh(f"sudo kill {kill} {old}")
    seconds = wait_for(lambda: kiosk.pid() not in (0, old), 120 * pace(machine), kiosk.journal)
    well = kiosk.wait_well()
    say(f"{what}: a new process after {seconds:.0f} s (must: 45 s), well {well:.0f} s later")
    assert seconds < 45 * pace(machine)
    assert int(kiosk.property("NRestarts")) == restarts + 1


def test_a_stopped_process_is_started_again(kiosk, machine, say):
    started_again_after("SIGSTOP", "-STOP", kiosk, machine, say)


def test_a_loop_that_spins_is_ended(kiosk, machine, workshop, say):
    """In Python, with all other threads alive: only the loop's sign of life is missing."""
    commit = workshop.spinning()
    done = machine.make(*flash_arguments(machine, workshop), limit=FLASH_LIMIT_S)
    assert kiosk.commit() == commit, done.stdout
    started_again_after("a loop that spins", "-USR1", kiosk, machine, say)
    assert "watchdog" in kiosk.journal()


def test_a_hog_in_its_cgroup_is_ended(kiosk, machine, say):
    old, restarts = kiosk.pid(), int(kiosk.property("NRestarts"))
    limit = int(machine.ssh(f"cat {GROUP}/memory.max"))
    machine.ssh(f"sudo sh -c '{HOG}'", check=False)
    seconds = wait_for(lambda: kiosk.pid() not in (0, old), 120 * pace(machine), kiosk.journal)
    kiosk.wait_well()
    say(f"a hog ended at MemoryMax of {limit >> 20} MiB, a new process after {seconds:.0f} s")
    assert int(kiosk.property("NRestarts")) == restarts + 1


def test_ten_minutes_are_flat_and_write_nothing(kiosk, machine, say):
    """After two minutes to settle; one command, for every new connection writes a line somewhere."""
    told = machine.ssh(f"sleep 120; sync; {ASK}; sleep 600; sync; {ASK}", limit=1500)
    sectors_before, before, sectors_after, after = map(int, told.split())
    written = 512 * (sectors_after - sectors_before)
    limit = int(machine.ssh(f"cat {GROUP}/memory.max"))
    memory = f"{before / 2**20:.1f} → {after / 2**20:.1f} MiB of {limit >> 20}"
    say(f"ten minutes: memory {memory}, {written / 1024:.0f} KiB written to the disk (must: 1024)")
    assert after - before < 2 << 20
    assert after < limit
    assert written < 1 << 20


def test_a_system_that_hangs_is_reset_by_the_hardware_watchdog(machine, say):
    """PID 1 is frozen by its control group: the kernel lets nobody stop it by a signal."""
    machine.power_off()
    machine.boot(*WATCHDOG)
    kiosk = Kiosk(machine)
    kiosk.wait_well()
    armed = machine.ssh("systemctl show --value -p RuntimeWatchdogUSec").strip()
    machine.ssh("echo 1 | sudo tee /sys/fs/cgroup/init.scope/cgroup.freeze")
    seconds = machine.ended_within(120 * pace(machine))
    machine.cut()
    say(f"armed with {armed}; PID 1 frozen: reset after {seconds} s (must: 20 s)")
    assert seconds is not None
    assert seconds < 20 * pace(machine)
    say(f"booted again in {machine.boot():.0f} s, well {kiosk.wait_well():.0f} s later")
