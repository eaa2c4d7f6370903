import pytest

from deploy.on_device.layout import Layout
from deploy.on_device.status import _ladder


@pytest.mark.parametrize(
    ("card", "copy", "said"),
    [
        ("", "", "nothing yet"),
        ("{", "", "nothing yet"),
        ('{"counters": {"reboots": 0}}', "", "nothing yet"),
        ('{"counters": {"reboots": 1, "frames_late": 3, "memory_ends": 0}}', "", "reboots 1, frames_late 3"),
        ('{"counters": {"reboots": 1}}', '{"counters": {"reboots": 2}}', "reboots 2"),
    ],
)
def test_steps_of_the_ladder_that_were_taken_are_told(tmp_path, card, copy, said):
    for name, text in (("var/lib/kiosk/ladder.json", card), ("run/kiosk/ladder.json", copy)):
        if text:
            (tmp_path / name).parent.mkdir(parents=True)
            (tmp_path / name).write_text(text)
    assert _ladder(Layout(tmp_path)) == said
