from argparse import ArgumentParser, ArgumentTypeError, Namespace

import pytest

from device.commands.config import add_options, main
from device.config import loader
from device.config.example import example
from device.config.options import add_settings, settings_from, whole_number
from device.errors import ConfigError


def settings(*arguments):
    parser = ArgumentParser(allow_abbrev=False)
    add_settings(parser)
    return settings_from(parser.parse_args(arguments))


def test_without_options_the_defaults_hold():
    assert settings() == loader.defaults()


def test_the_options_of_the_main_job_reach_their_settings():
    chosen = settings(
        "--source",
        "file:a.mkv",
        "--pace",
        "fast",
        "--loop",
        "--detector",
        "full",
        "--interpreter",
        "tflite_runtime",
        "--frame-budget-ms",
        "12.5",
        "--width",
        "320",
        "--height",
        "240",
        "--fps",
        "15",
        "--events",
        "-",
        "--memory-mib",
        "96",
    )
    assert (chosen.source.use, chosen.source.pace, chosen.source.loop) == ("file:a.mkv", "fast", True)
    assert (chosen.detector.range, chosen.age.interpreter) == ("full", "tflite_runtime")
    assert chosen.schedule.frame_budget_ms == 12.5
    assert (chosen.camera.width, chosen.camera.height, chosen.camera.fps) == (320, 240, 15.0)
    assert (chosen.events.to, chosen.limits.memory_mib) == ("-", 96)


def test_outputs_can_be_given_several_times():
    assert settings("--output", "web", "--output", "file:out.mp4").output.use == ("web", "file:out.mp4")


def test_lists_of_numbers_are_given_with_commas():
    assert settings("--smoother-bands", "18,65").smoother.bands == (18, 65)


def test_switches_can_be_turned_off_against_the_file(tmp_path):
    path = tmp_path / "kiosk.toml"
    path.write_text("[source]\nloop = true\n")
    assert settings("--config", str(path)).source.loop is True
    assert settings("--config", str(path), "--no-loop").source.loop is False


@pytest.mark.parametrize("value", ["99", "wide", "640.5", ""])
def test_a_wrong_value_names_the_option_and_what_is_allowed(value):
    with pytest.raises(ConfigError, match=r"command line: --width = .* from 160 to 1920"):
        settings("--width", value)


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "many", ""])
def test_counts_are_whole_numbers_from_one(text):
    with pytest.raises(ArgumentTypeError, match="a whole number from 1"):
        whole_number(text)


def test_an_option_s_name_of_the_version_before_is_taken_with_a_warning(caplog):
    assert settings("--tracker-survive-s", "2").tracker.coast_s == 2.0
    assert "--tracker-survive-s is called --tracker-coast-s now" in caplog.text
    assert settings("--tracker-survive-s", "2", "--tracker-coast-s", "1").tracker.coast_s == 1.0


def test_config_prints_the_file_and_nothing_else(capfd):
    parser = ArgumentParser(allow_abbrev=False)
    add_options(parser)
    assert main(parser.parse_args(["--width", "320"])) == 0
    printed = capfd.readouterr().out
    assert printed == example(settings("--width", "320"))
    assert "\nwidth = 320\n" in printed


def test_help_names_each_option_its_value_and_what_is_allowed():
    parser = ArgumentParser(allow_abbrev=False)
    add_settings(parser)
    text = " ".join(parser.format_help().split())
    assert "--config FILE settings as `python -m device config` prints them" in text
    assert "--width WIDTH width of the picture; a whole number from 160 to 1920 (pixels); default 640" in text
    assert "--loop, --no-loop clips and folders: begin again at the end; true or false; default False" in text
    assert "--output USE window, drm, fb, web" in text
    assert "[camera]: How a camera is set up, and what happens when it fails." in text


def test_a_wrong_number_in_a_list_names_the_option():
    with pytest.raises(ConfigError, match=r"command line: --smoother-bands = .* a rising list"):
        settings("--smoother-bands", "18,many")


@pytest.mark.parametrize(("text", "number"), [("1", 1), ("2", 2), ("40", 40)])
def test_a_count(text, number):
    assert whole_number(text) == number


def test_only_the_sections_asked_for_become_options():
    parser = ArgumentParser(allow_abbrev=False)
    add_settings(parser, ["camera"])
    args = parser.parse_args(["--width", "320"])
    assert settings_from(Namespace(**{"config": None, **vars(args)})).camera.width == 320
    assert "--detector" not in parser.format_help()


def test_counts_of_nine_digits_and_no_more():
    assert whole_number("999999999") == 999999999
    with pytest.raises(ArgumentTypeError):
        whole_number("1000000000")


def test_old_names_are_understood_and_not_listed():
    parser = ArgumentParser(allow_abbrev=False)
    add_settings(parser)
    assert "--tracker-survive-s" not in parser.format_help()
    hosts = settings("--web-names", "a.example", "--web-names", "b.example").web.allowed_hosts
    assert hosts == ("a.example", "b.example")
