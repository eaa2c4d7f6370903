from pathlib import Path

from calibration.__main__ import COMMANDS, main

FACES = Path(__file__).resolve().parent.parent.parent / "calibration" / "faces"


def test_without_a_command_the_commands_are_listed_and_nothing_is_written(capsys):
    def state():
        return [(path.name, path.stat().st_mtime_ns) for path in sorted(FACES.iterdir())]

    before = state()
    assert main([]) == 0
    printed = capsys.readouterr().out
    assert all(f"  {name}" in printed for name in COMMANDS)
    assert state() == before


def test_an_unknown_command_is_said_with_those_there_are(capsys):
    assert main(["biuld"]) == 2
    assert "unknown command 'biuld'; allowed: build, report," in capsys.readouterr().err
