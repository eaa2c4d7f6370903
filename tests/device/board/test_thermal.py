import pytest

from device.board.thermal import Thermometer


@pytest.fixture
def zones(tmp_path):
    for number, text in enumerate(["48312\n", "61000\n", ""]):
        zone = tmp_path / f"thermal_zone{number}"
        zone.mkdir()
        (zone / "temp").write_text(text)
    return tmp_path


def test_the_hottest_zone_counts_in_degrees(zones):
    assert Thermometer(zones).celsius() == 61.0


def test_a_machine_without_zones_has_no_temperature(tmp_path):
    assert Thermometer(tmp_path).celsius() is None


def test_the_firmware_s_word_in_words(tmp_path):
    word = tmp_path / "get_throttled"
    word.write_text("50005\n")
    assert Thermometer(tmp_path, word).throttled() == [
        "the supply voltage is too low",
        "the processor is throttled",
    ]


def test_what_was_since_boot_is_not_now(tmp_path):
    word = tmp_path / "get_throttled"
    word.write_text("50000\n")
    assert Thermometer(tmp_path, word).throttled() == []


def script(folder, text):
    path = folder / "vcgencmd"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def test_vcgencmd_is_asked_where_the_kernel_has_no_file(tmp_path):
    asked = script(tmp_path, 'test "$1" = get_throttled && echo throttled=0x4')
    thermometer = Thermometer(tmp_path, tmp_path / "missing", asked)
    assert thermometer.throttled() == ["the processor is throttled"]


def test_a_vcgencmd_that_fails_says_nothing(tmp_path):
    assert Thermometer(tmp_path, tmp_path / "missing", script(tmp_path, "exit 1")).throttled() == []


def test_no_vcgencmd_says_nothing(tmp_path):
    assert Thermometer(tmp_path, tmp_path / "missing", "no-such-program").throttled() == []
