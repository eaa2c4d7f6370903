"""CI cannot be green by absence: an unexpected skip fails it, an allowed one does not."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize(("ci", "reason", "status"), [
    ("true", "no virtual screen: apt install xvfb", 1),
    ("true", "needs Debian's tools: sudo apt install qemu-user", 1),
    ("true", "V4L2_DEVICE names no camera, such as /dev/video0", 0),
    ("", "no virtual screen: apt install xvfb", 0),
])  # fmt: skip
def test_an_unexpected_skip_fails_ci(tmp_path, ci, reason, status):
    (tmp_path / "test_it.py").write_text(
        f"import pytest\n\ndef test_it():\n    pytest.skip({reason!r})\n\ndef test_more():\n    pass\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.conftest", str(tmp_path), "--rootdir", str(tmp_path)],
        cwd=ROOT, env=os.environ | {"CI": ci, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == status, done.stdout
    assert ("may not be skipped" in done.stdout) == bool(status)
