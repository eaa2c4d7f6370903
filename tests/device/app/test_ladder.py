"""The ladder's counters in their files."""

import json
import threading

import pytest

from device.app.ladder import COUNTERS, Ladder, LadderFile, boot_id, fresh


class Machine:
    """A card, a memory and a clock of the test's own."""

    def __init__(self, folder):
        self.card, self.copy, self.now, self.boot = folder / "card", folder / "run", 1000.0, "boot-a"
        self.card.mkdir()
        self.copy.mkdir()

    def file(self):
        return LadderFile(self.card / "ladder.json", self.copy / "ladder.json", self.boot, lambda: self.now)

    def restart(self):
        (self.copy / "ladder.json").unlink(missing_ok=True)
        self.boot, self.now = "boot-b", 20.0

    def on_card(self):
        path = self.card / "ladder.json"
        return json.loads(path.read_text())["counters"] if path.exists() else None

    def in_memory(self):
        return json.loads((self.copy / "ladder.json").read_text())["counters"]


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def poll(ladder, now, late, reopened):
    ladder.poll(now, late, reopened)
    if ladder._writer:
        ladder._writer.join(60)


def test_counts_go_on_in_the_next_process_and_after_a_restart_of_the_machine(machine):
    poll(Ladder(machine.file()), 1.0, 2, 1)
    second = Ladder(machine.file())
    assert second.counters()["frames_late"] == 2
    machine.now += 60
    poll(second, 1.0, 3, 1)
    machine.restart()
    counters = Ladder(machine.file()).counters()
    assert (counters["frames_late"], counters["camera_reopened"]) == (5, 2)
    assert counters.keys() == COUNTERS.keys()


def test_the_program_counts_how_the_one_before_ended_and_writes_it_once(machine):
    (machine.copy / "ends").write_text("watchdog 6\nexit-code 2\n")
    ladder = Ladder(machine.file())
    expected = {"watchdog_ends": 1, "process_left": 1, "service_restarts": 1}
    assert {name: count for name, count in ladder.counters().items() if count} == expected
    assert Ladder(machine.file()).counters() == ladder.counters()
    for now in (1.0, 100.0):
        poll(ladder, now, 0, 0)
        assert machine.in_memory() == machine.on_card() == ladder.counters()
        assert not (machine.copy / "ends").exists()
    assert machine.file().read()["last_status"] == "2"


def test_the_card_is_written_once_a_minute_and_memory_at_once(machine):
    ladder = Ladder(machine.file())
    poll(ladder, 1.0, 1, 0)
    machine.now += 59.0
    poll(ladder, 60.0, 2, 0)
    assert (machine.on_card()["frames_late"], machine.in_memory()["frames_late"]) == (1, 2)
    machine.now += 1.0
    poll(ladder, 61.0, 2, 0)
    assert machine.on_card()["frames_late"] == 2


def test_without_a_change_nothing_is_written(machine):
    ladder = Ladder(machine.file())
    poll(ladder, 1.0, 0, 0)
    ladder.close()
    assert list(machine.card.iterdir()) == list(machine.copy.iterdir()) == []


def test_what_others_counted_meanwhile_stays(machine):
    ladder = Ladder(machine.file())
    state = machine.file().read()
    state["counters"]["reboots"] = 1
    machine.file().write(state)
    poll(ladder, 1.0, 1, 0)
    assert ladder.counters()["reboots"] == machine.in_memory()["reboots"] == 1


def test_what_changed_last_is_written_at_the_end(machine):
    ladder = Ladder(machine.file())
    poll(ladder, 1.0, 1, 0)
    poll(ladder, 1.1, 2, 0)
    assert machine.in_memory()["frames_late"] == 1
    ladder.close()
    assert machine.in_memory()["frames_late"] == 2


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"counters": {"reboots": "x"}}', '{"counters": {}}', "[" * 100_000]
)
def test_a_damaged_file_is_said_and_begins_anew(machine, text, caplog):
    (machine.card / "ladder.json").write_text(text)
    assert machine.file().read() == fresh()
    assert "its counters begin anew" in caplog.text
    poll(Ladder(machine.file()), 1.0, 1, 0)
    assert machine.on_card()["frames_late"] == 1


def test_a_card_that_cannot_be_written_is_no_matter(machine):
    machine.card.rmdir()
    ladder = Ladder(machine.file())
    poll(ladder, 1.0, 1, 0)
    ladder.close()
    assert ladder.counters()["frames_late"] == 1


def test_what_is_written_is_read(machine):
    state = fresh() | {"boot": "boot-0", "orderly": True, "reboot_asked": True, "ran_s": [4.0, 5.5]}
    state |= {"last_end": "watchdog", "last_status": "ABRT"}
    machine.now = 1000.123
    machine.file().write(state)
    assert machine.file().read() == state | {"card_boot": "boot-a", "card_s": 1000.1}
    assert LadderFile(None, None).boot == boot_id()


def test_a_card_that_hangs_keeps_no_program_from_its_end(machine, monkeypatch):
    free, seen = threading.Event(), []

    def hang(file, state, to_card):
        seen.append((threading.current_thread().name, threading.current_thread().daemon))
        free.wait(60)

    monkeypatch.setattr(LadderFile, "write", hang)
    ladder = Ladder(machine.file())
    ladder.poll(1.0, 1, 0)
    ladder.close()
    free.set()
    ladder._writer.join(60)
    assert seen == [("ladder", True)]
    assert machine.in_memory()["frames_late"] == 1


def test_outside_of_systemd_nothing_is_kept_but_counted():
    ladder = Ladder(LadderFile.from_environment({}))
    poll(ladder, 1.0, 4, 2)
    ladder.close()
    assert ladder.counters()["frames_late"] == 4


def test_the_directories_are_those_that_systemd_names(tmp_path):
    environ = {"STATE_DIRECTORY": f"{tmp_path}/a:{tmp_path}/b", "RUNTIME_DIRECTORY": f"{tmp_path}/r"}
    file = LadderFile.from_environment(environ)
    assert (file.card, file.copy) == (tmp_path / "a" / "ladder.json", tmp_path / "r" / "ladder.json")


def test_a_boot_has_a_name_of_its_own_unless_it_is_hidden(tmp_path):
    assert len(boot_id()) == 36
    assert boot_id(tmp_path / "none") == ""
