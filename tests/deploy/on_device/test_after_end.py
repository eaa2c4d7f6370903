import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[3] / "deploy" / "on_device" / "after_end.sh"


@pytest.mark.parametrize(
    ("result", "left"), [("success", {"script", "orderly_end"}), ("watchdog", {"script", "counted"})]
)
@pytest.mark.parametrize("before", [True, False])
def test_an_orderly_end_leaves_a_mark_and_any_other_takes_it_away_and_is_counted(
    tmp_path, result, left, before
):
    script = tmp_path / "script"
    script.write_text(
        SCRIPT.read_text().replace("/usr/bin/python3 -m device", f"touch {tmp_path}/counted; :")
    )
    if before:
        (tmp_path / "orderly_end").touch()
    environ = {"SERVICE_RESULT": result, "RUNTIME_DIRECTORY": str(tmp_path), "PATH": "/usr/bin:/bin"}
    subprocess.run(["/bin/sh", str(script)], env=environ, check=True)
    assert {path.name for path in tmp_path.iterdir()} == left
