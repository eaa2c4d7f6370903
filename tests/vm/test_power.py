"""The cable pulled and the power cut while a release comes: old or new runs afterwards, nothing is torn."""

from __future__ import annotations

import os
import random
import subprocess
from contextlib import suppress

import pytest

from tests.vm.emulator import Machine
from tests.vm.kiosk import HOME, Kiosk, wait_for
from tests.vm.test_flash import FLASH_LIMIT_S, flash_arguments

CUTS = int(os.environ.get("CUTS", "20"))
SEED = 20261125

pytestmark = pytest.mark.vm


@pytest.fixture
def flashing(machine, workshop):
    """Starts `make flash` of the workshop's commit and returns the process, its output a pipe."""
    started: list[subprocess.Popen] = []

    def start() -> subprocess.Popen:
        command = machine.make_command(*flash_arguments(machine, workshop))
        started.append(subprocess.Popen(command, **machine.make_options()))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.mark.quick
def test_a_power_cut_in_the_middle_of_a_switch(machine, kiosk, workshop, flashing, say):
    old, new = kiosk.commit(), workshop.good("cut in the switch")
    process = flashing()
    wait_for(
        lambda: machine.ssh(f"test -e {HOME}/pending && echo yes", check=False).strip() == "yes",
        FLASH_LIMIT_S,
        lambda: f"no switch began; make: {process.poll()}",
    )
    machine.cut()
    process.wait(FLASH_LIMIT_S)
    after_the_cut(machine, {old, new}, say)
    assert process.returncode != 0


def test_the_cable_pulled_in_each_phase(machine, kiosk, workshop, flashing, say):
    """After each line that `make flash` writes, until it comes through."""
    old, phase, through = kiosk.commit(), 0, False
    new = workshop.good("cable")
    while not through:
        process = flashing()
        for _ in range(phase + 1):
            said = process.stdout.readline()
            through = not said
        if not through:
            machine.monitor("set_link net off")
            process.wait(FLASH_LIMIT_S)
            machine.monitor("set_link net on")
            kiosk.wait_well()
            assert kiosk.commit() in {old, new}
            assert kiosk.torn() == ""
            say(f"cable pulled after: {said.strip()} — {'new' if kiosk.commit() == new else 'old'} runs")
        phase += 1
    assert process.wait() == 0


@pytest.mark.parametrize("cut", range(CUTS))
def test_a_power_cut_at_a_random_moment(machine, kiosk, workshop, flashing, say, cut):
    may_run = {kiosk.commit(), workshop.good(f"random cut {cut}")}
    bundle = ["make", "-C", str(workshop.folder), "bundle", f"OS={machine.artefacts.suite}"]
    subprocess.run(bundle, check=True, capture_output=True)  # so that every moment is one of the device
    process = flashing()
    moment = random.Random(SEED + cut).uniform(0, 4 * machine.boot_s)
    with suppress(subprocess.TimeoutExpired):
        process.wait(moment)
    machine.cut()
    process.wait(FLASH_LIMIT_S)
    say(f"cut {cut} after {moment:.0f} s of `make flash`, which left with {process.returncode}")
    after_the_cut(machine, may_run, say)


def after_the_cut(machine: Machine, may_run: set[str], say) -> None:
    """Its file system is clean; booted again, one of these releases runs and all are whole."""
    assert machine.filesystem_faults() == ""
    kiosk = Kiosk(machine)
    booted = machine.boot()
    well = kiosk.wait_well()
    say(f"booted again in {booted:.0f} s, {kiosk.commit()[:12]} is well {well:.0f} s later")
    assert kiosk.commit() in may_run
    assert kiosk.torn() == ""
    assert machine.ssh(f"ls {HOME}/pending 2>/dev/null", check=False) == "", "the switch is still pending"
