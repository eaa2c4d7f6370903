import pytest

from device.__main__ import COMMANDS, main


def test_without_a_command_the_commands_are_listed(capfd):
    assert main([]) == 0
    listed = capfd.readouterr().out
    assert all(name in listed for name in COMMANDS)
    assert "75 out of the memory budget" in listed


def test_an_unknown_command_says_what_there_is(capfd):
    assert main(["runn"]) == 2
    allowed = "run, photo, doctor, bench, field-test, config, ladder, notice, token"
    assert f"unknown command 'runn'; allowed: {allowed}" in capfd.readouterr().err


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command, capfd):
    with pytest.raises(SystemExit) as left:
        main([command, "--help"])
    assert left.value.code == 0
    assert ("--config FILE" in capfd.readouterr().out) == (command != "ladder")  # which has no settings


@pytest.mark.parametrize(
    "options", [["--no-such"], ["--frames"], ["--summary", "xml"], ["--fram", "1"], ["--frames", "0"]]
)
def test_wrong_options_are_status_2_with_a_message(options, capfd):
    with pytest.raises(SystemExit) as left:
        main(["run", *options])
    assert left.value.code == 2
    assert options[0] in capfd.readouterr().err


def test_a_wrong_value_is_status_2_with_one_line(capfd):
    assert main(["run", "--width", "99"]) == 2
    message = capfd.readouterr().err
    assert message.count("\n") == 1
    assert "--width = 99 is not allowed" in message


def test_the_configuration_file_is_printed_with_the_values_in_force(capfd):
    assert main(["config", "--width", "320"]) == 0
    assert "\nwidth = 320\n" in capfd.readouterr().out
