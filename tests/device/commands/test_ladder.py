"""What systemd's units tell the ladder, and what it decides."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import device
from device.__main__ import main
from device.app import ladder as ladder_file


class Machine:
    """The commands as systemd calls them, before a clock and in directories of the test's own."""

    def __init__(self, folder, monkeypatch):
        self.card, self.run, self.now, self.boots = folder / "card", folder / "run", 0.0, 0
        self.card.mkdir()
        self._setenv, self._patch = monkeypatch.setenv, monkeypatch.setattr
        self._setenv("STATE_DIRECTORY", str(self.card))
        self._setenv("RUNTIME_DIRECTORY", str(self.run))
        self._patch("device.commands.ladder.outlives_reboots", lambda folder: True)
        self._patch(ladder_file.LadderFile.__init__, "__defaults__", ("", lambda: self.now))

    def boot(self):
        """The machine comes up, 15 s ago."""
        self.boots, self.now = self.boots + 1, 15.0
        self.run.mkdir(exist_ok=True)
        for path in self.run.iterdir():
            path.unlink()
        self._patch("device.app.ladder.boot_id", lambda: f"boot-{self.boots}")
        assert main(["ladder", "boot"]) == 0

    def ends(self, result="exit-code", status="1", times=1):
        """The program ends, and deploy/on_device/after_end.sh notes it."""
        for _ in range(times):
            self.now += 90.0
            with (self.run / "ends").open("a") as file:
                file.write(f"{result} {status}\n")

    def counters(self):
        state = json.loads((self.run / "ladder.json").read_text())
        return {name: count for name, count in state["counters"].items() if count}


@pytest.fixture
def machine(tmp_path, monkeypatch):
    made = Machine(tmp_path, monkeypatch)
    made.boot()
    return made


@pytest.mark.parametrize(
    ("result", "status", "counters"),
    [
        ("exit-code", "3", {"process_left": 1, "service_restarts": 1}),
        ("watchdog", "6", {"watchdog_ends": 1, "service_restarts": 1}),
        ("oom-kill", "9", {"memory_ends": 1, "service_restarts": 1}),
        ("signal", "11", {"other_ends": 1, "service_restarts": 1}),
        ("exit-code", "2", {"process_left": 1}),
    ],
)
def test_an_end_is_counted_by_its_kind(machine, result, status, counters):
    machine.ends(result, status)
    assert main(["ladder", "shutdown"]) == 0
    assert machine.counters() == counters


def test_twenty_starts_in_vain_restart_the_machine_and_the_counters_survive_it(machine):
    machine.ends(times=20)
    assert main(["ladder", "reboot", "service"]) == 0
    machine.boot()
    assert machine.counters() == {"process_left": 20, "service_restarts": 20, "reboots": 1}


def test_after_six_restarts_in_a_day_the_machine_stays_up_and_says_so(machine, capfd):
    for _ in range(6):
        machine.ends(times=20)
        assert main(["ladder", "reboot", "service"]) == 0
        machine.boot()
    machine.ends(times=20)
    capfd.readouterr()
    assert main(["ladder", "reboot", "service"]) == 1
    assert "6 restarts of the machine within a day did not help: it stays up" in capfd.readouterr().err
    assert machine.counters()["reboots"] == 6
    assert machine.counters()["reboots_withheld"] == 1
    machine.now += 24 * 3600.0
    assert main(["ladder", "reboot", "service"]) == 0


def test_a_machine_that_somebody_switched_off_and_on_has_six_again(machine):
    for _ in range(6):
        machine.ends()
        assert main(["ladder", "reboot", "service"]) == 0
        machine.boot()
    assert main(["ladder", "shutdown"]) == 0
    machine.boot()
    machine.ends()
    assert main(["ladder", "reboot", "service"]) == 0


@pytest.mark.parametrize(
    ("status", "by_hand", "said"), [("2", False, "a setting is wrong"), ("3", True, "as it was asked to")]
)
def test_what_a_restart_does_not_mend_restarts_nothing(machine, capfd, status, by_hand, said):
    machine.ends(status=status)
    if by_hand:
        (machine.run / "orderly_end").touch()
    assert main(["ladder", "reboot", "service"]) == 1
    assert said in capfd.readouterr().err
    assert main(["ladder", "reboot", "network"]) == 0


def test_where_nobody_could_count_the_restarts_there_are_none(machine, monkeypatch, capfd):
    monkeypatch.setattr("device.commands.ladder.outlives_reboots", lambda folder: False)
    machine.ends()
    assert main(["ladder", "reboot", "service"]) == 1
    assert "is lost at a restart" in capfd.readouterr().err


def test_a_power_cut_or_a_hardware_watchdog_is_counted_and_a_shutdown_is_not(machine):
    assert machine.counters() == {}
    machine.boot()
    assert machine.counters() == {"unclean_boots": 1}
    assert main(["ladder", "shutdown"]) == 0
    machine.boot()
    assert main(["ladder", "boot"]) == 0
    assert machine.counters() == {"unclean_boots": 1}


def test_the_counters_are_shown_with_their_meaning(machine, capsys):
    machine.ends("watchdog", times=3)
    assert main(["ladder"]) == 0
    shown = capsys.readouterr().out
    assert "      3  watchdog_ends    systemd ended a program that gave no sign of life" in shown
    assert shown.count("\n") == len(ladder_file.COUNTERS)


def test_it_needs_the_standard_library_alone(tmp_path):
    """Its units run at each boot and after each end, on boards that import slowly, without PYTHONPATH."""
    code = "import sys; sys.modules |= dict.fromkeys(('numpy', 'cv2', 'starlette', 'prometheus_client'))\n"
    code += "from device.__main__ import main; sys.exit(main(['ladder', 'boot']))"
    environ = {"STATE_DIRECTORY": str(tmp_path), "PYTHONPATH": str(Path(device.__file__).parents[1])}
    done = subprocess.run([sys.executable, "-c", code], env=environ, check=False, timeout=60)
    assert done.returncode == 0
    assert (tmp_path / "ladder.json").exists()
