"""1,000 wrong command lines and settings files, from a fixed seed: a status, a sentence, no traceback."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from device.__main__ import COMMANDS, main
from device.config.keys import KEYS

ROOT = Path(__file__).resolve().parent.parent.parent
SEED = 13
CASES = 1000
SUBPROCESSES = 25
LIMIT = 60.0  # seconds for a process
LONGEST_S = 2.0  # of processor time for a case
# What a `config` prints shows that all was understood; everything else is refused.
STATUSES = {0, 2}

VALUES = (
    "", " ", "0", "-1", "1", "640", "1e400", "-1e400", "nan", "inf", "9" * 5000, "0x10", "1_000",
    "١٢٣", "½", "true", "None", "[]", "{}", "\x01", "\x1b[2J", "a\nb", "\udcff", "\U0001f600",
    "a" * 10_000, "%s%n%d", "--", "-", "-x", "../../etc", "/dev/zero", "/dev/full", "web:999999",
    "file:", "demo:-1", "v4l2:", ",", "1,2", "2,1", "'", '"', "\\", "$(id)", "1;2",
)  # fmt: skip
TOML = (
    "", "=", "[", "]", "[[", "x", "[camera", "[camera]", "[[camera]]", "[nobody]", "camera = 1",
    "width = 640", "width = 1e999", "width = " + "9" * 5000, "width = -0", "fps = nan", "fps = inf",
    "fps = 25", "use = []", "use = [[[]]]", "bands = [1, 2, 3]", "bands = [3, 2]", "bands = ['a']",
    "x = " + "[" * 3000, "a" * 10_000 + " = 1", "width = 1979-05-27", "to = '''", 'to = "\\ud800"',
    'to = "\\u0000"', "\x00", "# ok", "loop = true", "loop = 1", "width.height = 3",
    "level = 'loud'", "[log]", "[smoother]", "[source]", "[output]", "[overlay]", "show = 'age'",
)  # fmt: skip


def case(number, folder):
    """Options of the case `number`, always the same ones; a settings file it may need is made in `folder`."""
    rng = random.Random(SEED * 10_000 + number)
    options = []
    for _ in range(rng.randrange(1, 4)):
        key = rng.choice(KEYS)
        name = rng.choice(
            [key.option, key.option, key.option[: rng.randrange(1, 12)], "--" + rng.choice(VALUES)]
        )
        options += rng.choice([[name, rng.choice(VALUES)], [f"{name}={rng.choice(VALUES)}"], [name]])
    if rng.random() < 0.6:
        path = folder / f"{number}.toml"
        path.write_bytes(content(rng))
        options += ["--config", str(path)]
    elif rng.random() < 0.1:
        options += ["--config", rng.choice([*VALUES, str(folder), "/dev/zero", str(folder / "fifo")])]
    begins = ["run", "photo", "doctor", "bench", "field-test", "ladder"]
    others = [*begins, "notice", "token", "nothing", "", "\udcff", "--version"]
    command = rng.choice(["config"] * 30 + others)
    if command in begins:
        options.append("--no-such-option")  # so that it does not begin
    options = [option.replace("\0", "") for option in options]
    return [command, *options] if rng.random() < 0.98 else []


def content(rng):
    """Lines of TOML and worse, at times with other bytes in between, at times in another encoding."""
    text = "\n".join(rng.choice(TOML) for _ in range(rng.randrange(1, 8)))
    data = bytearray(text.encode(rng.choice(["utf-8"] * 6 + ["utf-16", "utf-8-sig", "utf-32"])))
    for _ in range(rng.choice([0, 0, 0, 1, 5])):
        data.insert(rng.randrange(len(data) + 1), rng.randrange(256))
    return bytes(data)


@pytest.fixture
def folder(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    return tmp_path


def run_here(options):
    """The status of the command line, in this process."""
    try:
        return main(options)
    except SystemExit as left:  # argparse's way
        return left.code


def check(options, status, said):
    shown = f"{options!r:.300}: status {status}: {said[-600:]}"
    assert status in STATUSES, shown
    assert "Traceback" not in said, shown
    assert "fault of the program" not in said, shown
    if status:
        assert said.strip(), shown


def count(cases, folder, capfd):
    for number in range(cases):
        options = case(number, folder)
        began = time.process_time()
        status = run_here(options)
        took = time.process_time() - began
        check(options, status, capfd.readouterr().err)
        assert took < LONGEST_S, (options, took)


def test_wrong_settings_are_a_status_and_a_sentence(folder, capfd):
    count(60, folder, capfd)


@pytest.mark.slow
def test_a_thousand_wrong_settings_are_a_status_and_a_sentence(folder, capfd):
    count(CASES, folder, capfd)


@pytest.mark.slow
def test_some_of_them_as_processes(folder):
    for number in range(0, CASES, CASES // SUBPROCESSES):
        options = case(number, folder)
        line = [sys.executable.encode(), b"-m", b"device"]
        line += [option.encode("utf-8", "surrogateescape") for option in options]
        done = subprocess.run(line, cwd=ROOT, capture_output=True, timeout=LIMIT, check=False)
        check(options, done.returncode, done.stderr.decode("utf-8", "replace"))


def test_the_cases_reach_every_command_and_both_ends(folder, capfd):
    cases = [case(number, folder) for number in range(CASES)]
    assert {options[0] for options in cases if options} > set(COMMANDS)
    assert any(not options for options in cases)
    assert {run_here(options) for options in cases[:40]} == STATUSES
