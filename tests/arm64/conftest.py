"""Emulated Pis for the tests here, made once a run; without the emulator the tests skip, with the reason."""

from pathlib import Path

import pytest

from tests.arm64.guest import PIS, Guest, lacking


def pytest_collection_modifyitems(items):
    here = Path(__file__).parent
    for item in (item for item in items if here in item.path.parents):  # pytest hands over all there are
        item.add_marker(pytest.mark.arm64)
        item.add_marker(pytest.mark.timeout(0))  # a guest has a limit of its own
        _, system = item.callspec.params["guest"]  # a worker each: it makes the system's files once
        item.add_marker(pytest.mark.xdist_group(system.release))


def name(pi):
    """An emulated Pi's name in the report: processor and system."""
    processor, system = pi
    return f"{processor.name}-{system.release}"


@pytest.fixture(scope="session", params=PIS, ids=name)
def guest(request) -> Guest:
    if reason := lacking():
        pytest.skip(reason)
    return Guest(*request.param)
