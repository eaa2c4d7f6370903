"""A root with the real picamera2 for the tests here; without one they are skipped, with the reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import kept

HERE = Path(__file__).parent
TOOLS = {"mmdebstrap": "mmdebstrap", "arch-test": "arch-test", "unshare": "util-linux", "cc": "gcc libc6-dev"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in (item for item in items if HERE in item.path.parents):  # pytest hands over all there are
        item.add_marker(pytest.mark.picamera2)
        item.add_marker(pytest.mark.timeout(0))  # the making of the root has a limit of its own


@pytest.fixture(scope="session")
def root() -> Path:
    """Debian 13 with libcamera's virtual camera and picamera2 in /venv; made once, then kept."""
    if reason := kept.lacking(TOOLS):
        pytest.skip(reason)
    recipe = HERE / "recipe" / "root.sh"
    place = kept.CACHE / f"picamera2-{kept.recipe_hash('picamera2', recipe)}"
    with kept.alone("picamera2"), kept.made(place) as part:
        if part:
            kept.run_script(recipe, part)
    return place / "root"
