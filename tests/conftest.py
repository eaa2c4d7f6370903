"""What all tests share: the sample data's folder, and property tests that run alike everywhere."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

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
