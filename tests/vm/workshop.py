"""A second checkout of this repository's commit, in which a test makes the commits that it flashes."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tests.vm.artefacts import ROOT

LINKED = (".venv", ".venv-deploy", "models/fetched")  # what `make bundle` needs beside what is tracked
FILE = "device/commands/run.py"
PLACE = "    settings = settings_from(args)\n"
AS_A_SERVICE = '    if "NOTIFY_SOCKET" in os.environ:  # not when the device tries it beforehand\n'

# Faults that only the service shows: what a release's own examination would find never gets so far.
FAULTS = {
    "does not start": "        os._exit(1)\n",
    "starts and dies": "        threading.Timer(15, os._exit, (1,)).start()\n",
    "starts and hangs": "        threading.Event().wait()\n",
    "sees no frame": (
        "        from dataclasses import replace\n"
        '        settings = replace(settings, source=replace(settings.source, use="camera"))\n'
    ),
}

SPINS_WHEN_TOLD = """\
        import signal
        def spin(*_):
            while True:
                pass
        signal.signal(signal.SIGUSR1, spin)
"""


class Workshop:
    """The checkout, in `folder`. What is not committed in the repository itself is not in it."""

    def __init__(self, folder: Path):
        self.folder = folder
        subprocess.run(["git", "clone", "--quiet", "--shared", str(ROOT), str(folder)], check=True)
        for name in LINKED:
            link = folder / name
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to((ROOT / name).resolve())
        made = folder / "dist"  # of this very commit, where `make bundle` was run before
        made.mkdir()
        for bundle in (ROOT / "dist").glob(f"kiosk-{self.original()[:12]}-*"):
            shutil.copyfile(bundle, made / bundle.name)

    def good(self, word: str) -> str:
        """A commit on the repository's own that works; `word` makes it one of its own. Its name."""
        return self._commit(f"    # {word}\n")

    def broken(self, fault: str) -> str:
        """A commit on the repository's own with one of FAULTS. Its name."""
        return self._commit(AS_A_SERVICE + FAULTS[fault])

    def spinning(self) -> str:
        """A commit that works until its process gets SIGUSR1, and then spins in its main loop. Its name."""
        return self._commit(AS_A_SERVICE + SPINS_WHEN_TOLD)

    def original(self) -> str:
        """Back to the repository's own commit. Its name."""
        self._git("reset", "--quiet", "--hard", "origin/HEAD")
        return self._git("rev-parse", "HEAD")

    def _commit(self, code: str) -> str:
        self.original()
        path = self.folder / FILE
        text = path.read_text()
        assert text.count(PLACE) == 1, f"{FILE} changed: mend PLACE"
        path.write_text(text.replace(PLACE, PLACE + code))
        self._git(
            "-c",
            "user.name=test",
            "-c",
            "user.email=test@localhost",
            "commit",
            "--quiet",
            "-am",
            "a test's own",
        )
        return self._git("rev-parse", "HEAD")

    def _git(self, *arguments: str) -> str:
        done = subprocess.run(
            ["git", "-C", str(self.folder), *arguments], capture_output=True, text=True, check=True
        )
        return done.stdout.strip()
