"""What all tests share: the sample data's folder, and property tests that run alike everywhere."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

from tests.skips import unexpected

ROOT = Path(__file__).resolve().parent.parent

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder of real faces and clips. It is no part of the repository; without it the test is skipped."""
    folder = Path(os.environ.get("SAMPLES", ROOT.parent / "shared"))
    if not folder.is_dir():
        pytest.skip(f"no sample data at {folder}; set SAMPLES to its folder")
    return folder


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session, exitstatus):
    """In CI a skip that nobody allowed is a failure."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") == "true" and reporter and exitstatus == 0:
        reporter.not_allowed = unexpected(reporter.stats.get("skipped", []))
        if reporter.not_allowed:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter):
    """Name those skips."""
    for line in getattr(terminalreporter, "not_allowed", []):
        terminalreporter.write_line(f"may not be skipped in CI (tests/allowed_skips.toml): {line}", red=True)
