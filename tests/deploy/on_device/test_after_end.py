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
        ("timeout", "7 kiosk.service start running", {"counted"}),
        ("watchdog", "", {"counted"}),
    ],
)
@pytest.mark.parametrize("before", [True, False])
def test_an_orderly_end_leaves_a_mark_and_any_other_takes_it_away_is_counted(
    tmp_path, result, job, left, before
):
    script, runtime, commands = tmp_path / "script", tmp_path / "run", tmp_path / "bin"
    script.write_text(SCRIPT.read_text().replace("/usr/bin/python3", "python3"))
    runtime.mkdir()
    commands.mkdir()
    for name, text in {
        "systemctl": f'[ "$1" = list-jobs ] && echo "{job}"',
        "setpriv": f'echo "$*" >> {tmp_path}/as; while [ "$1" != -- ]; do shift; done; shift; exec "$@"',
        "python3": f"touch {runtime}/counted",
    }.items():
        (commands / name).write_text(f"#!/bin/sh\n{text}\n")
        (commands / name).chmod(0o755)
    if before:
        (runtime / "orderly_end").touch()
    environ = {
        "SERVICE_RESULT": result,
        "RUNTIME_DIRECTORY": str(runtime),
        "PATH": f"{commands}:/usr/bin:/bin",
    }
    subprocess.run(["/bin/sh", str(script)], env=environ, check=True)
    assert {path.name for path in runtime.iterdir()} == left
    assert (tmp_path / "as").read_text().startswith("--reuid=kiosk --regid=kiosk --init-groups ")
