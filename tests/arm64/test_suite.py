"""The device's own tests and the golden values on a Pi's processors; those marked `native` are left out."""

import pytest

from tests.arm64.conftest import name
from tests.arm64.guest import PI4, PI5

LIMIT = 15 * 60  # seconds; emulation is some thirty times slower than a Pi


@pytest.mark.parametrize("guest", [PI4, PI5], indirect=True, ids=name)
def test_device_suite_passes(guest):
    done = guest.run(
        "-m",
        "pytest",
        "tests/device",
        "tests/golden",
        "-m",
        "not native",
        "-p",
        "no:cacheprovider",
        "--tb=short",
        limit=LIMIT,
    )
    print(done.stdout[-1000:])
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
