"""Kills a command of the device before each of its changes, as a power cut would, and boots the device.

    killed.py ROOT TEMPLATE STEPS COMMAND...

ROOT is the device's root; before each kill its /opt/kiosk is made anew from TEMPLATE. STEPS: "all" or "some",
the first, the last and every tenth between. Prints a line of JSON a step: what was left, and what runs after.
"""

import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))
CHANGES = {
    *("os.rename", "os.remove", "os.symlink", "os.mkdir", "os.rmdir", "os.chmod", "os.link"),
    *("shutil.rmtree", "subprocess.Popen", "fcntl.flock"),
}
FAR = 100_000  # a change that is never reached


def forked(work: Callable[[], int]) -> int:
    """The exit status of `work` in a process of its own."""
    pid = os.fork()
    if pid == 0:
        status = 99
        try:
            status = work()
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def killed(argv: list[str], step: int, count: Path) -> int:
    """Run the command, and do not come back from the change before which it is to die; 137 then."""
    from deploy.on_device import __main__

    left = step

    def watch(event: str, words: tuple) -> None:
        nonlocal left
        writes = event == "open" and isinstance(words[2], int) and words[2] & (os.O_WRONLY | os.O_RDWR)
        asks = event == "subprocess.Popen" and "show" in words[1]
        if (event in CHANGES and not asks) or writes:
            left -= 1
            if left == 0:
                os._exit(137)

    sys.addaudithook(watch)
    status = __main__.main(argv)
    changes = step - left
    count.write_text(str(changes))
    return 0 if status in (0, 1) else status


def main(root: Path, template: Path, steps: str, argv: list[str]) -> None:
    """Every step after the other."""
    from deploy.on_device import __main__, health, layout, release, switch  # noqa: F401 (once, for all)

    health.POLL_S = 0.01
    home, boot_id, count = root / "opt/kiosk", root / "proc/sys/kernel/random/boot_id", template / "count"
    argv = [*argv, "--root", str(root)]

    def left_by(step: int) -> dict:
        shutil.rmtree(home)
        shutil.copytree(template / "kiosk", home, symlinks=True)
        boot_id.write_text("boot-1\n")
        status = forked(lambda: killed(argv, step, count))
        found = {
            "step": step,
            "status": status,
            "pending": (home / "pending").exists(),
            "guarded": (home / "guard/app/deploy/on_device/recover.py").is_file(),
        }
        boot_id.write_text("boot-2\n")
        found["recovered"] = forked(lambda: __main__.main(["recover", "--boot", "--root", str(root)]))
        names = [path.name for path in (home / "releases").iterdir() if path.name[0] != "."]
        found["torn"] = [name for name in names if release.damaged(home / "releases" / name)]
        found["unfinished"] = (home / "pending").exists()
        found["runs"] = layout.named(home / "current")
        return found

    print(json.dumps(left_by(FAR)), flush=True)
    changes = int(count.read_text())
    wanted = set(range(1, changes + 1))
    if steps == "some":
        wanted &= {*range(1, 8), *range(8, changes, 10), *range(changes - 6, changes + 1)}
    for step in sorted(wanted):
        print(json.dumps(left_by(step)), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], sys.argv[4:])
