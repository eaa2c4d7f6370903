"""Runs a command of the device and kills the process before its change number N: as a power cut would."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))
CHANGES = {
    *("os.rename", "os.remove", "os.symlink", "os.mkdir", "os.rmdir", "os.chmod", "os.link"),
    *("shutil.rmtree", "subprocess.Popen", "fcntl.flock"),
}


def main(limit: int, argv: list[str]) -> int:
    """Count what changes something, and do not come back from the one before which it is to die."""
    from deploy.on_device import __main__, health

    health.POLL_S = 0.01
    left = limit

    def watch(event: str, words: tuple) -> None:
        nonlocal left
        writes = event == "open" and isinstance(words[2], int) and words[2] & (os.O_WRONLY | os.O_RDWR)
        shows = event == "subprocess.Popen" and "show" in words[1]
        if (event in CHANGES and not shows) or writes:
            left -= 1
            if left == 0:
                os._exit(137)

    sys.addaudithook(watch)
    status = __main__.main(argv)
    print(limit - left)
    return 0 if status in (0, 1) else status


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
