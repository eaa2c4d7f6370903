"""Who may import whom: the rooms of device/ rest on one another in one direction, and on nothing outside."""

import ast
from pathlib import Path

import pytest

DEVICE = Path(__file__).resolve().parent.parent / "device"
ROOT = {"errors", "files", "frame", "media", "person", "box"}  # the words of all
LOW = ROOT | {"board", "config", "inference", "budget"}
MAY_IMPORT = {
    "board": set(),
    "config": {"errors"},
    "inference": {"errors"},
    "budget": {"errors", "board"},
    "camera": ROOT | {"config"},
    "faces": {"errors", "frame", "box", "inference", "files"},
    "tracks": {"errors", "box", "config", "faces"},
    "age": {"errors", "frame", "person", "config", "faces", "inference"},
    "pipeline": LOW | {"camera", "faces", "tracks", "age"},
    "overlay": ROOT | {"config"},
    "notice": {"errors", "person", "config"},
    "audience": ROOT | {"config", "age"},
    "outputs": ROOT | {"config", "overlay", "budget", "audience"},
    "events": ROOT | {"config", "budget", "audience"},
    "app": LOW | {"camera", "faces", "tracks", "age", "pipeline", "overlay", "outputs", "events", "audience"},
}
MAY_IMPORT["field_test"] = ROOT | {"config", "faces", "tracks"}
MAY_IMPORT["bench"] = MAY_IMPORT["app"] | {"app"}
MAY_IMPORT["commands"] = MAY_IMPORT["bench"] | {"bench", "notice", "field_test"}
ROOMS = sorted(path.name for path in DEVICE.iterdir() if (path / "__init__.py").is_file())


def imported(path: Path) -> set[str]:
    """Every module that the file imports, wherever in it the import stands; `from a import b` is a.b."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_what_it_may(room):
    allowed = MAY_IMPORT[room] | {room}
    used = {
        (str(path.relative_to(DEVICE)), name)
        for path in (DEVICE / room).rglob("*.py")
        for name in imported(path)
        if name.startswith("device.") and name.split(".")[1] not in allowed
    }
    assert used == set()


def test_the_device_imports_nothing_of_the_workstation():
    outside = {"models", "calibration", "tests", "deploy"}
    used = {
        (path.name, n) for path in DEVICE.rglob("*.py") for n in imported(path) if n.split(".")[0] in outside
    }
    assert used == set()


def test_eight_modules_at_most_stand_in_the_root():
    assert len(list(DEVICE.glob("*.py"))) <= 8
