"""Every command in a code block of the documents is tried, as `commands.toml` says."""

import json
import re
import shlex
import shutil
import subprocess
import tomllib
import zipfile
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = (
    "README.md", "models/README.md", "models/methods/README.md", "calibration/README.md", "deploy/README.md",
    "device/README.md", "device/events/README.md", ".github/CONTRIBUTING.md",
)  # fmt: skip
COMMANDS = tomllib.loads(Path(__file__).with_name("commands.toml").read_text(encoding="utf-8"))["command"]
LIMIT_S = 800  # a training begins, on a busy machine
FACES = 80  # of the calibration set, which stand for somebody's own


def written():
    """Every line of every code block for the shell, without its comment, in words."""
    for name in DOCUMENTS:
        for block in re.findall(r"```sh\n(.*?)```", (ROOT / name).read_text(encoding="utf-8"), re.S):
            yield from (shlex.split(line, comments=True) for line in block.splitlines() if line)


def test_each_command_of_a_code_block_is_tried_or_says_why_not():
    known = [shlex.split(command["line"]) for command in COMMANDS]
    assert [words for words in written() if words not in known] == []
    assert [words for words in known if words not in list(written())] == []
    assert [c["line"] for c in COMMANDS if sum(key in c for key in ("run", "test", "why")) != 1] == []


@pytest.mark.parametrize("line", [command["line"] for command in COMMANDS])
def test_each_command_exists(line):
    words = shlex.split(line.removeprefix("sudo "))
    if words[0] == "make":
        assert re.search(rf"^{words[1]}:.* ## ", (ROOT / "Makefile").read_text(), re.MULTILINE)
    elif "python" in words[0]:
        assert words[3] in import_module(f"{words[2]}.__main__").COMMANDS
    else:
        assert shutil.which(words[0])


@pytest.mark.parametrize("test", [command["test"] for command in COMMANDS if "test" in command])
def test_the_tests_that_stand_for_a_command_are_there(test):
    file, _, name = test.partition("::")
    assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder that looks like the repository, with a set of faces; what is written there stays there."""
    folder = tmp_path_factory.mktemp("commands")
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in {line.split("/")[0] for line in tracked.stdout.splitlines()} | {".venv", ".venv-train"}:
        if (ROOT / name).exists():
            (folder / name).symlink_to(ROOT / name)
    ages = json.loads((ROOT / "calibration" / "manifest.json").read_text())["faces"]
    with zipfile.ZipFile(folder / "faces.zip", "w") as faces:
        for number, face in enumerate(ages[:FACES]):
            path = ROOT / "calibration" / "faces" / f"{number:03}.png"
            faces.write(path, f"{face['age']:.0f}_{number % 2}_{number % 5}_2017{number:06}.jpg")
    return folder


def recipe(line, folder):
    """What a line runs: of `make` the recipe's own lines, without those that make an environment."""
    parts = []
    for part in line.split(" && "):
        if part.startswith("make "):
            command = ["make", "-n", "-o", "setup", "-o", "training", *shlex.split(part)[1:]]
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
            parts += [line for line in done.stdout.splitlines() if line.startswith(".venv")]
        else:
            parts.append(part)
    return " && ".join(parts)


@pytest.mark.slow
@pytest.mark.timeout(LIMIT_S + 100)
@pytest.mark.parametrize("command", [c for c in COMMANDS if "run" in c], ids=lambda c: c["line"])
def test_a_command_of_the_documents_runs(place, command):
    if "needs" in command and not (ROOT / command["needs"]).exists():
        pytest.skip("needs the workstation's set (make training makes it)")
    line = "set -e\n" + command.get("first", "").strip() + "\n" + recipe(command["run"], place)
    done = subprocess.run(
        ["bash", "-c", line], cwd=place, timeout=LIMIT_S, capture_output=True, text=True, check=False
    )
    said = done.stdout + done.stderr
    assert done.returncode == command.get("status", 0), said
    assert re.search(command["says"], said), said
    assert "Traceback" not in said
