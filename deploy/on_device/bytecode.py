"""The compiled forms of a release's modules: without them every start compiles all that it imports.

They are made on the device, of sources whose sums were just checked, and belong to no bundle. Python is told
not to compare them with their sources, which do not change; BYTECODE has their sums, as MANIFEST has the
others'. The service itself may write nowhere in a release.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

from deploy.on_device.errors import Refused

LIST = "BYTECODE"
LIMIT_S = 900  # seconds; see deploy/README.md for what was measured


def add(release: Path) -> None:
    """Compile what compiles, and list it. Raises OSError when it cannot be written, Refused after LIMIT_S."""
    options = ("-I", "-B", "-m", "compileall", "-qq", "-j0", "--invalidation-mode", "unchecked-hash")
    command = ["nice", sys.executable, *options, "app", "site-packages"]
    # unchecked: a module that does not compile has no compiled form, and says so when it is imported
    try:
        subprocess.run(command, cwd=release, capture_output=True, timeout=LIMIT_S, check=False)
    except subprocess.TimeoutExpired:
        raise Refused(f"compiling the release did not end within {LIMIT_S} s: is the card well?") from None
    with (release / LIST).open("w", encoding="utf-8") as file:
        for path in sorted(release.rglob("*.pyc")):
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            file.write(f"{digest}  {path.relative_to(release)}\n")
