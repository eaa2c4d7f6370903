"""Emulated machines for the tests here; without the emulator they are skipped, with the reason."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.vm.artefacts import artefacts, lacking
from tests.vm.emulator import Machine
from tests.vm.kiosk import Kiosk
from tests.vm.workshop import Workshop

SUITES = ("bookworm", "trixie")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in (item for item in items if here in item.path.parents):  # pytest hands over all there are
        item.add_marker(pytest.mark.vm)
        item.add_marker(pytest.mark.timeout(0))  # every wait has a limit of its own, by the measured boot


@pytest.fixture(scope="session", params=SUITES)
def machine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """One machine of each system, off at first; the steps of the proof follow one another on it."""
    if reason := lacking():
        pytest.skip(reason)
    kept = os.environ.get("MACHINES")
    folder = Path(kept) / request.param if kept else tmp_path_factory.mktemp(request.param)
    machine = Machine(artefacts(request.param), folder)
    yield machine
    machine.power_off()
    if not kept:
        machine.disk.unlink()


@pytest.fixture
def kiosk(machine: Machine) -> Kiosk:
    """The kiosk on it: booted if it is off, and well."""
    if not machine.is_on():
        machine.boot()
    kiosk = Kiosk(machine)
    kiosk.wait_well()
    return kiosk


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """A checkout to commit in."""
    return Workshop(tmp_path_factory.mktemp("workshop") / "repository")


@pytest.fixture
def say(request: pytest.FixtureRequest):
    """Prints a measured figure at once, as a line of its own."""
    plugins = request.config.pluginmanager
    reporter, capture = plugins.get_plugin("terminalreporter"), plugins.get_plugin("capturemanager")

    def line(text: str) -> None:
        with capture.global_and_fixture_disabled():
            reporter.write_line(f"    {text}")

    return line
