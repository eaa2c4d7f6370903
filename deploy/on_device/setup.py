"""Sets the machine up for the kiosk: units, their settings, the user, and what of the system they rely on.

    python3 RELEASE/app/deploy/on_device/setup.py --root / --release RELEASE

It says what it changed, and a second time changes nothing. `/etc/kiosk` is only ever added to. Files that an
earlier release set up and this one has not are taken away, so it serves for the way back as well. With
another root than / only files are changed there: nothing is started, and nobody is told. Status 2 is a wrong
setting.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.dont_write_bytecode = True  # a release holds what its MANIFEST says
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from deploy.on_device.boot_files import with_options, with_words

UNITS = "etc/systemd/system"
INSTALLED = "etc/kiosk/installed"  # the paths of all that was set up, a line each
CONFIGURATION = {"kiosk.toml": 0o640, "os.toml": 0o644}
UPDATES = ("security", "off")
VIDEO = re.compile(r"[A-Za-z0-9-]+:[A-Za-z0-9@,=-]+|")
STEPS_FROM = 13  # VERSION_ID of the first Debian whose systemd, 257, knows RestartSteps= (from 254 on)
BUDGET_MIB, MARGIN_MIB = 128, 64  # limits.memory_mib's default, and what MemoryMax= has on top
CMDLINES = ("boot/firmware/cmdline.txt", "boot/cmdline.txt")
UPDATER = ("etc/apt/apt.conf.d/52kiosk", "usr/bin/unattended-upgrade")  # settings, and whom they are for
OLD_SWAP = "dphys-swapfile.service"

# What has to hear of a changed file, by the beginning of its path, in this order
HEARERS = (
    ("etc/systemd/system.conf.d/", ("systemctl", "daemon-reexec")),
    ("etc/systemd/system/", ("systemctl", "daemon-reload")),
    ("etc/systemd/journald.conf.d/", ("systemctl", "restart", "systemd-journald")),
    ("etc/NetworkManager/", ("nmcli", "general", "reload")),
    ("etc/systemd/system/apt-", ("systemctl", "try-restart", "apt-daily.timer", "apt-daily-upgrade.timer")),
)
AT_THE_NEXT_START = ("boot/", "etc/fstab")


class SetupError(Exception):
    """A setting is wrong, or the release is none."""


class Tree:
    """The files below `root`; `changed` gathers the paths of those that were written or taken away."""

    def __init__(self, root: Path):
        self.root = root
        self.changed: list[str] = []

    def write(self, name: str, text: bytes, mode: int | None = 0o644) -> None:
        """Replace the file, if it is not so already; without `mode` it has what its file system gives."""
        path = self.root / name
        if path.is_file() and not path.is_symlink() and path.read_bytes() == text:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.part")
        with part.open("wb") as file:
            if mode is not None:
                os.fchmod(file.fileno(), mode)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
        self.tell(name, "written")

    def link(self, name: str, target: str) -> None:
        """Make it a symbolic link to `target`, if it is none already."""
        path = self.root / name
        if path.is_symlink() and os.readlink(path) == target:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.part")
        part.unlink(missing_ok=True)
        part.symlink_to(target)
        os.replace(part, path)
        self.tell(name, f"leads to {target}")

    def remove(self, name: str) -> None:
        """Take the file away, if it is there."""
        path = self.root / name
        if path.is_symlink() or path.exists():
            path.unlink()
            self.tell(name, "taken away")

    def text(self, name: str) -> str:
        """The file's text; empty when there is none."""
        path = self.root / name
        return path.read_text(encoding="utf-8", errors="surrogateescape") if path.is_file() else ""

    def tell(self, name: str, what: str) -> None:
        """Say and remember what happened to the file."""
        print(f"{name}: {what}")
        self.changed.append(name)


def files(units: Path, conditions: set[str]) -> dict[str, bytes]:
    """What is to be written where: units, and the trees `etc/` beside them, by condition below `when/`."""
    found = {
        f"{UNITS}/{path.name}": path for path in units.iterdir() if path.suffix in (".service", ".timer")
    }
    for base in (units, *(units / "when" / condition for condition in sorted(conditions))):
        trees = (path for path in (base / "etc").rglob("*") if path.is_file())
        found |= {path.relative_to(base).as_posix(): path for path in trees}
    return {name: path.read_bytes() for name, path in sorted(found.items())}


def links(wanted: dict[str, bytes]) -> dict[str, str]:
    """The links by which systemd starts the units that have a WantedBy=."""
    found = {}
    for name, text in wanted.items():
        for target in re.findall(r"^WantedBy=(\S+)$", text.decode(), re.MULTILINE):
            unit = Path(name).name
            found[f"{UNITS}/{target}.wants/{unit}"] = f"../{unit}"
    return found


def os_settings(tree: Tree, units: Path) -> dict[str, Any]:
    """`updates` and `video` of /etc/kiosk/os.toml. Raises SetupError."""
    settings = tomllib.loads((units / "os.toml").read_text())
    given = _toml(tree, "os.toml")
    if unknown := sorted(given.keys() - settings.keys()):
        raise SetupError(f"/etc/kiosk/os.toml: unknown {unknown[0]!r}; allowed: {', '.join(settings)}")
    settings |= given
    if settings["updates"] not in UPDATES:
        raise SetupError(f"/etc/kiosk/os.toml: updates = {settings['updates']!r}; allowed: {UPDATES}")
    if not isinstance(settings["video"], str) or not VIDEO.fullmatch(settings["video"]):
        raise SetupError(f"/etc/kiosk/os.toml: video = {settings['video']!r}; write HDMI-A-1:1920x1080@60D")
    return settings


def memory_max(tree: Tree) -> dict[str, bytes]:
    """A drop-in for kiosk.service where kiosk.toml has another budget than the default."""
    mib = _toml(tree, "kiosk.toml").get("limits", {}).get("memory_mib", BUDGET_MIB)
    if not isinstance(mib, int) or mib == BUDGET_MIB:
        return {}
    text = f"# limits.memory_mib = {mib} in /etc/kiosk/kiosk.toml\n[Service]\nMemoryMax={mib + MARGIN_MIB}M\n"
    return {f"{UNITS}/kiosk.service.d/memory.conf": text.encode()}


def _toml(tree: Tree, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(tree.text(f"etc/kiosk/{name}"))
    except tomllib.TOMLDecodeError as error:
        raise SetupError(f"/etc/kiosk/{name}: {error}") from None


def conditions(tree: Tree, settings: dict[str, Any]) -> set[str]:
    """Which folders of `when/` apply."""
    version = re.search(r'^VERSION_ID="?(\d+)', tree.text("etc/os-release"), re.MULTILINE)
    steps = {"systemd-254"} if version and int(version[1]) >= STEPS_FROM else set()
    return {f"updates-{settings['updates']}"} | steps


def set_up(tree: Tree, units: Path) -> None:
    """All files; the changed ones stand in `tree.changed`. Raises SetupError, having changed nothing."""
    settings = os_settings(tree, units)
    wanted = files(units, conditions(tree, settings)) | memory_max(tree)
    enabled = links(wanted)
    if (tree.root / "usr/lib/systemd/system" / OLD_SWAP).exists():
        enabled[f"{UNITS}/{OLD_SWAP}"] = "/dev/null"
    for name, text in wanted.items():
        tree.write(name, text)
    for name, target in enabled.items():
        tree.link(name, target)
    all_of_them = sorted({*wanted, *enabled})
    for name in sorted(set(tree.text(INSTALLED).split()) - set(all_of_them)):
        tree.remove(name)
    tree.write(INSTALLED, "".join(f"{name}\n" for name in all_of_them).encode())
    make_user(tree)
    for name, mode in CONFIGURATION.items():
        configure(tree, units / name, mode)
    for name in CMDLINES:
        if line := tree.text(name):
            tree.write(name, encoded(with_words(line, settings["video"])), None)  # FAT has no modes
            break
    if table := tree.text("etc/fstab"):
        tree.write("etc/fstab", encoded(with_options(table)))


def encoded(text: str) -> bytes:
    """As `Tree.text` read it."""
    return text.encode("utf-8", "surrogateescape")


def make_user(tree: Tree) -> None:
    """The user `kiosk` in `video` and `render`, by systemd-sysusers and its file of units/etc/sysusers.d."""
    members = (f"^{group}:.*[:,]kiosk(,|$)" for group in ("video", "render"))
    there = re.search("^kiosk:", tree.text("etc/passwd"), re.MULTILINE)
    if there and all(re.search(one, tree.text("etc/group"), re.MULTILINE) for one in members):
        return
    run("systemd-sysusers", f"--root={tree.root}", "kiosk.conf")
    tree.tell("etc/passwd", "user kiosk, in video and render")


def configure(tree: Tree, default: Path, mode: int) -> None:
    """A configuration file where there is none; of one that is there only mode and group are made right."""
    name = f"etc/kiosk/{default.name}"
    path = tree.root / name
    if not path.exists():
        tree.write(name, default.read_bytes(), mode)
    group = re.search(r"^kiosk:[^:]*:(\d+):", tree.text("etc/group"), re.MULTILINE)
    gid = int(group[1]) if group and mode == 0o640 else 0
    found = path.stat()
    if os.geteuid() == 0 and (found.st_mode & 0o777, found.st_uid, found.st_gid) != (mode, 0, gid):
        os.chown(path, 0, gid)
        path.chmod(mode)
        print(f"{name}: mode {mode:o}, owner root, group {gid}")


def tell_the_system(changed: list[str]) -> None:
    """Let systemd and the others hear of it, and start what runs beside the kiosk, which is left alone."""
    for start, command in HEARERS:
        if any(name.startswith(start) for name in changed) and shutil.which(command[0]):
            run(*command)
    beside = [Path(name).name for name in changed if ".wants/" in name]
    if beside := [unit for unit in beside if unit not in ("kiosk.service", "kiosk-rollback.service")]:
        run("systemctl", "start", "--no-block", *beside)


def run(*command: str) -> None:
    """A command whose failure is said and ends nothing: the files count from the next start on."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        words = (done.stderr.strip().splitlines() or [f"status {done.returncode}"])[-1]
    except (OSError, subprocess.TimeoutExpired) as error:
        words = str(error)
    else:
        if done.returncode == 0:
            return
    print(f"{' '.join(command)}: {words}", file=sys.stderr)


def main(argv: list[str]) -> int:
    """Set up, and say what changed."""
    parser = ArgumentParser("setup.py", description=__doc__.splitlines()[0], allow_abbrev=False)
    parser.add_argument("--root", type=Path, default=Path("/"))
    parser.add_argument("--release", type=Path, required=True)
    args = parser.parse_args(argv)
    tree, units = Tree(args.root), args.release / "app" / "deploy" / "units"
    try:
        if not (units / "kiosk.service").is_file():
            raise SetupError(f"{args.release} is no release: {units}/kiosk.service is not there")
        set_up(tree, units)
    except SetupError as error:
        print(f"setup: {error}", file=sys.stderr)
        return 2
    if args.root.resolve() == Path("/"):
        tell_the_system(tree.changed)
    if UPDATER[0] in tree.changed and not (tree.root / UPDATER[1]).exists():
        print('updates = "security" needs a package: sudo apt install unattended-upgrades')
    if not tree.changed:
        print("set up already: nothing to change")
    elif any(name.startswith(AT_THE_NEXT_START) for name in tree.changed):
        print("the command line and the table of file systems count from the machine's next start on")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
