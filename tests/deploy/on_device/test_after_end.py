import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[3] / "deploy" / "on_device" / "after_end.sh"


@pytest.mark.parametrize(
    ("result", "job", "left"),
    [
        ("success", "", {"orderly_end"}),
        ("timeout", "7 kiosk.service stop running", {"orderly_end"}),
        ("timeout", "7 kiosk.service restart running", {"orderly_end"}),
        ("timeout", "7 kiosk.service start running", {"ends"}),
        ("watchdog", "", {"ends"}),
    ],
)
@pytest.mark.parametrize("before", [True, False])
def test_an_orderly_end_leaves_a_mark_and_any_other_takes_it_away_is_counted(
    tmp_path, result, job, left, before
):
    runtime, commands = tmp_path / "run", tmp_path / "bin"
    runtime.mkdir()
    commands.mkdir()
    for name, text in {
        "systemctl": f'[ "$1" = list-jobs ] && echo "{job}"',
        "setpriv": f'echo "$*" >> {tmp_path}/as; while [ "$1" != -- ]; do shift; done; shift; exec "$@"',
    }.items():
        (commands / name).write_text(f"#!/bin/sh\n{text}\n")
        (commands / name).chmod(0o755)
    if before:
        (runtime / "orderly_end").touch()
    environ = {
        "SERVICE_RESULT": result,
        "EXIT_STATUS": "6",
        "RUNTIME_DIRECTORY": str(runtime),
        "PATH": f"{commands}:/usr/bin:/bin",
    }
    subprocess.run(["/bin/sh", str(SCRIPT)], env=environ, check=True)
    assert {path.name for path in runtime.iterdir()} == left
    if "ends" in left:
        assert (runtime / "ends").read_text() == f"{result} 6\n"
    assert (tmp_path / "as").read_text().startswith("--reuid=kiosk --regid=kiosk --init-groups ")
