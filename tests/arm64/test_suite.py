"""What the device computes, and the golden values, on a Pi's processors; tests marked `native` are left out.

Streams, signals, screens, pages and the program as a process are left to the machine's own processor: an
emulated program starts no others, and none of that depends on the processor.
"""

import pytest

from tests.arm64.conftest import name
from tests.arm64.guest import PI4, PI5

ROOMS = ("age", "board", "budget", "camera", "config", "faces", "inference", "overlay", "pipeline", "tracks")
LIMIT = 15 * 60  # seconds; emulation is some thirty times slower than a Pi


@pytest.mark.parametrize("guest", [PI4, PI5], indirect=True, ids=name)
def test_device_suite_passes(guest):
    done = guest.run(
        "-m",
        "pytest",
        *(f"tests/device/{room}" for room in ROOMS),
        "tests/golden",
        "-m",
        "not native and not slow",
        "-p",
        "no:cacheprovider",
        "--tb=short",
        limit=LIMIT,
    )
    print(done.stdout[-1000:])
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
