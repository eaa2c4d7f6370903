"""A new release examines itself beside the one that runs.

`doctor` looks at Python, packages, models, memory and settings, opens the built-in demo in place of the
camera, which belongs to the service that runs, and compares an age that it estimates with what it must be.
"""

from __future__ import annotations

import os
import subprocess
import sys
from argparse import ArgumentParser, Namespace

from deploy.on_device.errors import NotWell, Refused
from deploy.on_device.layout import Layout

LIMIT_S = 180  # seconds; 10 to 13 were measured on an emulated board of two cores


def add_options(parser: ArgumentParser) -> None:
    """The options of `trial`."""
    parser.add_argument("commit", help="a release that is there")


def main(layout: Layout, args: Namespace) -> int:
    """Examine, and say so."""
    examine(layout, args.commit)
    print(f"the release's own examination: well ({args.commit[:12]})")
    return 0


def examine(layout: Layout, commit: str) -> None:
    """Raises NotWell with the reason when the release cannot do its main job here."""
    release = layout.releases / commit
    if not release.is_dir():
        raise Refused(f"there is no release {commit} in {layout.releases}")
    command = ["nice", sys.executable, "-B", "-m", "device", "doctor", "--source", "demo"]
    if layout.config.exists():
        command += ["--config", str(layout.config)]
    environment = {**os.environ, "PYTHONPATH": str(release / "site-packages")}
    try:
        done = subprocess.run(
            command, cwd=release / "app", env=environment, capture_output=True, text=True,
            errors="replace", timeout=LIMIT_S, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise NotWell(f"`doctor` of {commit[:12]} did not end within {LIMIT_S} s") from None
    if done.returncode:
        raise NotWell(f"`doctor` of {commit[:12]} says: {reason(done.stdout, done.stderr)}")


def reason(out: str, err: str) -> str:
    """The first line of a doctor's answer that says what is bad, else its last words."""
    bad = [" ".join(line.split()[1:]) for line in out.splitlines() if line.startswith("bad ")]
    words = bad or err.strip().splitlines()[-1:] or out.strip().splitlines()[-1:] or ["nothing"]
    return words[0].strip()
