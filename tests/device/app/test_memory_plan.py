"""What the networks are planned to hold."""

import pytest

from device.app.memory_plan import memory_plan
from device.config import loader
from device.config.loader import changed


@pytest.mark.parametrize(("chosen", "part", "mib"), [
    ({"range": "short"}, "detector short", 5.0),
    ({"range": "short", "network": "int8"}, "detector short-int8", 6.5),
    ({"range": "full", "network": "int8"}, "detector full", 16.0),
])  # fmt: skip
def test_a_detector_that_holds_two_networks_has_a_line_of_its_own(chosen, part, mib):
    plan = {part.name: part.mib for part in memory_plan(changed(loader.defaults(), detector=chosen))}
    assert plan[part] == mib
