"""`python -m deploy bundle`: all that a device needs, for one operating system, in one reproducible file.

A bundle unpacks into a release: the application, the shipped and fetched models, the packages for 64-bit ARM
already unpacked, a list of all files with their SHA-256, and a bill of materials. The device needs no pip, no
network and no compiler for it: it unpacks, and checks the sums. Two builds of one commit are equal.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import tempfile
from argparse import ArgumentParser, Namespace
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from deploy.archive import COMPRESSIONS, manifest, pack
from deploy.errors import DeployError
from deploy.on_device.errors import Refused
from deploy.on_device.release import unpack

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / ".venv-deploy" / "bin"
LARGEST = 60_000_000  # bytes of a bundle: three releases and an incoming one must fit a small card
APT = ("python3-picamera2", "python3-libcamera", "python3-kms++")  # what comes with the system, not with us
NEVER_NEEDED = ("__pycache__", "*.pyc", "tests", "*.pyi", "include", "bin")  # of packages, on a device


class System(NamedTuple):
    """An operating system that a bundle is for."""

    python: str
    glibc: str  # the newest that it has and uv knows: which wheels it can run


SYSTEMS = {"bookworm": System("3.11", "2_36"), "trixie": System("3.13", "2_40")}


def add_options(parser: ArgumentParser) -> None:
    """The options of `python -m deploy bundle`."""
    parser.add_argument("--os", choices=SYSTEMS, action="append", help="one system; default: each of them")
    parser.add_argument(
        "--out", type=Path, default=ROOT / "dist", help="folder of the bundles; default dist/"
    )
    parser.add_argument(
        "--compression", choices=COMPRESSIONS, default="zstd", help="gzip for devices without zstd"
    )


def main(args: Namespace) -> int:
    """Build, and print each bundle's path, size and SHA-256."""
    args.out.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor() as pool:
        paths = list(pool.map(lambda name: build(name, args.out, args.compression), args.os or SYSTEMS))
    for path in paths:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        print(f"{path}: {path.stat().st_size / 1e6:.1f} MB, SHA-256 {digest}")
    return 0


def build(name: str, out: Path, compression: str = "zstd") -> Path:
    """The bundle of this commit for one of `SYSTEMS`, written into `out`. Raises DeployError."""
    commit = committed()
    with tempfile.TemporaryDirectory(prefix="bundle-") as folder:
        release = Path(folder) / "release"
        copy_application(release)
        install_packages(SYSTEMS[name], release / "site-packages")
        (release / "sbom.json").write_bytes(bill_of_materials())
        (release / "app" / "COMMIT").write_text(f"{commit}\n")  # what `python -m device --version` reads
        moment = int(run("git", "show", "-s", "--format=%ct", commit))  # no clock is right that is before it
        about = {"os": name, "python": SYSTEMS[name].python, "commit": commit, "time": moment, "apt": APT}
        (release / "release.json").write_text(json.dumps(about, indent=2) + "\n")
        (release / "MANIFEST").write_text(manifest(release))
        path = pack(release, out / f"kiosk-{commit[:12]}-{name}.tar", compression)
    if path.stat().st_size > LARGEST:
        raise DeployError(
            f"{path}: {path.stat().st_size / 1e6:.1f} MB, and {LARGEST / 1e6:.0f} MB are allowed; "
            "see what grew with `tar -tvf` and leave it out in deploy/bundle.py"
        )
    return path


def checked(path: Path, system: str, whose: str) -> dict[str, Any]:
    """What the bundle is for, every sum of it checked before a byte goes anywhere.

    Raises DeployError, also when it is for another system than `system`, which is that of `whose`.
    """
    try:
        about = unpack(path, None)
    except Refused as error:
        raise DeployError(str(error)) from None
    if about["os"] != system:
        raise DeployError(f"{path.name} is for {about['os']}, and {whose} {system}")
    return about


def committed() -> str:
    """The commit that is checked out; a DeployError when tracked files differ from it."""
    if changed := run("git", "status", "--porcelain", "--untracked-files=no").strip():
        first = changed.splitlines()[0].split()[-1]
        raise DeployError(f"{first} is not committed: a bundle names the commit it was made of; commit first")
    return run("git", "rev-parse", "HEAD").strip()


def copy_application(release: Path) -> None:
    """The tracked files of device/ and its installation, the shipped models, the fetched ones with pins."""
    tools = ("deploy/__init__.py", "deploy/on_device", "deploy/units")
    shipped = run(
        *("git", "ls-files", "-z", "device", *tools),
        *("models/*.tflite", "models/*.noise.json", "models/pins.json"),
    )
    paths = [Path(name) for name in shipped.split("\0") if name]
    fetched = sorted((ROOT / "models" / "fetched").glob("*.tflite"))
    if not fetched:
        raise DeployError(
            "models/fetched is empty: run `make setup`, which fetches the face detector's files"
        )
    paths += [path.relative_to(ROOT) for path in fetched]
    for path in paths:
        target = release / "app" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / path, target)


def install_packages(system: System, target: Path) -> None:
    """The pinned packages for 64-bit ARM, unpacked; what no device reads is left out."""
    platform = f"aarch64-manylinux_{system.glibc}"
    run(
        *(str(TOOLS / "uv"), "pip", "install", "--quiet", "--target", str(target)),
        *("--python-version", system.python, "--python-platform", platform),
        *("--no-deps", "--require-hashes", "--only-binary", ":all:", "--link-mode", "copy"),
        *("--requirement", str(ROOT / "device" / "requirements.txt")),
        cwd=target.parent,  # away from pyproject.toml, whose settings for `make lock` uv would take
    )
    for pattern in NEVER_NEEDED:
        for path in sorted(target.rglob(pattern)):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def bill_of_materials() -> bytes:
    """The pinned packages as CycloneDX JSON, the same bytes each time."""
    command = [str(TOOLS / "cyclonedx-py"), "requirements", "--output-reproducible", "--of", "JSON"]
    return run(*command, "device/requirements.txt").encode()


def run(*command: str, cwd: Path | None = None) -> str:
    """What the command prints; a DeployError with its last words when it fails."""
    try:
        done = subprocess.run(
            command, cwd=cwd or ROOT, capture_output=True, text=True, timeout=600, check=False
        )
    except FileNotFoundError:
        raise DeployError(f"{command[0]} is not here; run `make bundle`, which installs the tools") from None
    except subprocess.TimeoutExpired:
        raise DeployError(
            f"{command[0]} took longer than 10 minutes; mend the network and try again"
        ) from None
    if done.returncode:
        words = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["it said nothing"]
        raise DeployError(f"{Path(command[0]).name} failed: {words[0]}")
    return done.stdout
