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
LIMIT_S = 900  # seconds; an emulated board of two busy cores takes 60
# Half of the sources, which the kiosk never imports; should it once, they are compiled then.
LEFT_OUT = r"/(google|tqdm|ml_dtypes|flatbuffers|f2py|distutils|testing)/|/ai_edge_litert/\w+/"


def add(release: Path) -> None:
    """Compile what compiles, and list it. Raises OSError when it cannot be written, Refused after LIMIT_S."""
    options = ("-qq", "-j0", "-x", LEFT_OUT, "--invalidation-mode", "unchecked-hash")
    command = [sys.executable, "-I", "-B", "-m", "compileall", *options, "app", "site-packages"]
    # unchecked: a module that does not compile has no compiled form, and says so when it is imported
    try:
        subprocess.run(command, cwd=release, capture_output=True, timeout=LIMIT_S, check=False)
    except subprocess.TimeoutExpired:
        raise Refused(f"compiling the release did not end within {LIMIT_S} s: is the card well?") from None
    with (release / LIST).open("w", encoding="utf-8") as file:
        for path in sorted(release.rglob("*.pyc")):
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            file.write(f"{digest}  {path.relative_to(release)}\n")
