"""CI cannot be green by absence: an unexpected skip fails it, an allowed one does not."""

import os
from contextlib import redirect_stdout

import pytest


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
    said = tmp_path / "said"
    child = os.fork()
    if child == 0:
        _run_apart(ci, tmp_path, said)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == status, said.read_text()
    assert ("may not be skipped" in said.read_text()) == bool(status)


def _run_apart(ci, folder, said):
    """In a fork, which has all imported: run the tests, with what they say in `said`; never returns."""
    status = 99
    try:
        os.environ["CI"] = ci
        with said.open("w") as paper, redirect_stdout(paper):
            options = ["-p", "tests.conftest", "-p", "no:cacheprovider", "--capture=no"]
            status = int(pytest.main([*options, "--rootdir", str(folder), str(folder)]))
    finally:
        os._exit(status)
