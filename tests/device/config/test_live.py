"""Settings that change while the kiosk runs."""

import pytest

from device.config.live import LIVE, LiveSettings
from device.config.loader import defaults
from device.errors import ConfigError


def test_a_change_is_given_to_the_loop_once():
    live = LiveSettings(defaults())
    assert live.take() is None
    live.change("overlay.language", "de")
    live.change("overlay.attract_s", 30)
    taken = live.take()
    assert (taken.overlay.language, taken.overlay.attract_s) == ("de", 30.0)
    assert live.take() is None
    assert {field.name: field.value for field in live.fields()} == {
        "overlay.language": "de",
        "overlay.status": True,
        "overlay.attract_s": 30.0,
    }


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("overlay.language", "xx", "one of en, de, fr, es, ja"),
        ("overlay.attract_s", -1, "a number from 0.0 to 3600.0"),
        ("overlay.status", "yes", "true or false"),
        ("overlay.show", "age", "cannot be changed while the kiosk runs"),
        ("overlay.privacy", "off", "cannot be changed while the kiosk runs"),
        ("web.token", "x", "cannot be changed while the kiosk runs"),
    ],
)
def test_what_is_not_allowed_is_told_and_changes_nothing(name, value, said):
    live = LiveSettings(defaults())
    with pytest.raises(ConfigError, match=said):
        live.change(name, value)
    assert live.take() is None


def test_nothing_that_tells_more_of_a_person_can_be_changed():
    assert not {"overlay.show", "overlay.privacy", "age.gender", "api.boxes", "api.min_people"} & set(LIVE)
