"""64-bit ARM without a board: QEMU's user mode running Debian's Python for aarch64 and the wheels a Pi gets.

Everything lands in .cache/arm64: Debian's libraries by release (no script of theirs is run), packages by
Python version, and for each processor a root that shows it in /proc/cpuinfo as that Pi does.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import NamedTuple

from packaging.requirements import Requirement

from tests.kept import alone, made

ROOT = Path(__file__).resolve().parent.parent.parent
CACHE = ROOT / ".cache" / "arm64"
REQUIREMENTS = (ROOT / "device" / "requirements.txt", ROOT / "tests" / "requirements.txt")
WHEEL_TAGS = (
    "manylinux2014",
    "manylinux_2_17",
    "manylinux_2_26",
    "manylinux_2_27",
    "manylinux_2_28",
    "manylinux_2_34",
)
TOOLS = {"qemu-aarch64": "qemu-user", "mmdebstrap": "mmdebstrap"}  # program → Debian package

V8_0 = "fp asimd evtstrm crc32 cpuid"
V8_2 = "fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp"


class Processor(NamedTuple):
    """A processor as QEMU names it and as Linux shows it."""

    name: str
    part: str
    features: str


class System(NamedTuple):
    """A release of Debian, which Raspberry Pi OS follows, with its Python and that one's interpreters."""

    release: str
    python: str
    packages: tuple[str, ...]
    interpreters: tuple[str, ...]


A53 = Processor("cortex-a53", "0xd03", V8_0)  # Pi 3, Zero 2 W
A72 = Processor("cortex-a72", "0xd08", V8_0)  # Pi 4
A76 = Processor("cortex-a76", "0xd0b", V8_2)  # Pi 5: int8 dot product (asimddp)
SYSTEM = ("bin", "etc", "lib", "lib64", "sbin", "usr")  # folders of a Debian root that a program runs from
LIBRARIES = ("libgcc-s1", "libstdc++6", "libgomp1", "ca-certificates")
BOOKWORM = System(
    "bookworm",
    "3.11",
    ("python3.11", "libpython3.11-stdlib", *LIBRARIES),
    ("ai_edge_litert", "tflite_runtime"),
)
TRIXIE = System("trixie", "3.13", ("python3.13", "libpython3.13-stdlib", *LIBRARIES), ("ai_edge_litert",))
PI4, PI5 = (A72, BOOKWORM), (A76, TRIXIE)
PIS = (PI4, PI5, (A72, TRIXIE), (A76, BOOKWORM))


def lacking() -> str:
    """What this machine lacks to emulate one, with the command that mends it; empty when nothing."""
    absent = [package for program, package in TOOLS.items() if shutil.which(program) is None]
    return f"needs Debian's tools: sudo apt install {' '.join(absent)}" if absent else ""


class Guest:
    """One processor under one system, ready to run Python programs of this repository."""

    def __init__(self, processor: Processor, system: System):
        self.processor, self.system = processor, system
        self.site = _packages(system)
        self.root = _root(processor, system)
        self.python = _python(processor, system, self.root)

    def run(
        self, *arguments: str, limit: float, plugin: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Python with `arguments` in the repository's root, output captured as text.

        `limit` is in seconds (subprocess.TimeoutExpired after that); `plugin` is one for QEMU.
        """
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(CACHE),
            "LANG": "C.UTF-8",
            "GUEST_PYTHON": str(self.python),
            "PYTHONPATH": f"{self.site}:{ROOT}",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONHASHSEED": "0",
            "SAMPLES": str(CACHE / "none"),  # real clips take minutes each here
        }
        if plugin:
            environment |= {"QEMU_PLUGIN": f"file={plugin}", "QEMU_LOG": "plugin"}
        return subprocess.run(
            [str(self.python), *arguments],
            cwd=ROOT,
            env=environment,
            timeout=limit,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )


def _step(command: list[str], what: str, limit: float = 600) -> None:
    print(f"arm64: {what}", file=sys.stderr, flush=True)
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=limit, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{what}: {command[0]} left with {done.returncode}:\n{done.stderr[-2000:]}")


@cache
def _libraries(system: System) -> Path:
    """Debian's files, extracted without running anything of theirs."""
    place = CACHE / system.release
    with alone(f"arm64-{place.name}"), made(place) as part:
        if part:
            _step(
                [
                    "mmdebstrap",
                    "--quiet",
                    "--arch=arm64",
                    "--variant=extract",
                    f"--include={','.join(system.packages)}",
                    "--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr",
                    system.release,
                    str(part),
                ],
                f"Debian {system.release} for aarch64",
            )
    return place


def pins_for(python: str, files: tuple[Path, ...] = REQUIREMENTS) -> list[str]:
    """The pinned requirements, hashes and all, that hold for Python `python` ("3.13") on aarch64."""
    machine = {"python_version": python, "python_full_version": f"{python}.0", "platform_machine": "aarch64"}
    lines = []
    for line in "\n".join(file.read_text() for file in files).replace("\\\n", " ").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        text, *hashes = line.split("--hash=")
        pin = Requirement(text)
        if pin.marker is None or pin.marker.evaluate(machine):
            exact = f"{pin.name}{pin.specifier}"
            lines.append(" --hash=".join([exact, *(value.strip() for value in hashes)]))
    return lines


@cache
def _packages(system: System) -> Path:
    """The pinned wheels for aarch64, brought by this machine's pip."""
    pins = "\n".join(pins_for(system.python))
    place = CACHE / f"packages-{system.python}-{hashlib.sha256(pins.encode()).hexdigest()[:8]}"
    with alone(f"arm64-{place.name}"), made(place) as part:
        if part:
            (part / "pins.txt").write_text(pins)
            # a test that starts Python again finds the emulator, not the bare aarch64 program
            (part / "sitecustomize.py").write_text(
                "import os, sys\nsys.executable = os.environ['GUEST_PYTHON']\n"
            )
            _step(
                [
                    sys.executable,
                    "-m",
                    "pip",
                    "install",
                    "--quiet",
                    "--disable-pip-version-check",
                    "--no-deps",
                    "--require-hashes",
                    "--only-binary",
                    ":all:",
                    "--implementation",
                    "cp",
                    "--ignore-requires-python",  # pip holds wheels against its own Python, not the guest's
                    "--python-version",
                    system.python,
                    *(f"--platform={tag}_aarch64" for tag in WHEEL_TAGS),
                    "--target",
                    str(part),
                    "--requirement",
                    str(part / "pins.txt"),
                ],
                f"wheels for aarch64 and Python {system.python}",
            )
    return place


def _root(processor: Processor, system: System) -> Path:
    """The system's files beside a /proc/cpuinfo that shows the processor: some libraries read it.

    Only the system's own folders: a link in place of /tmp or /home would lead Python's `realpath` astray in a
    checkout below them.
    """
    libraries = _libraries(system)
    place = CACHE / f"{system.release}-{processor.name}"
    (place / "proc").mkdir(parents=True, exist_ok=True)
    for entry in libraries.iterdir():
        link = place / entry.name
        if not link.is_symlink() and entry.name in SYSTEM:
            link.symlink_to(entry)
    blocks = [
        f"processor\t: {n}\nFeatures\t: {processor.features}\nCPU implementer\t: 0x41\n"
        f"CPU architecture: 8\nCPU part\t: {processor.part}\n"
        for n in range(4)
    ]
    (place / "proc" / "cpuinfo").write_text("\n".join(blocks))
    return place


def _python(processor: Processor, system: System, root: Path) -> Path:
    """A program of this machine that runs the guest's Python: tests can start it by its path, too."""
    place = root / "python"
    place.write_text(
        f'#!/bin/sh\nexec qemu-aarch64 -cpu {processor.name} -L "{root}" '
        f'"{_libraries(system)}/usr/bin/python{system.python}" "$@"\n'
    )
    place.chmod(0o755)
    return place
