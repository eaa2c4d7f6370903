"""A small machine with a screen: Debian's kernel in an emulator, with this machine's own files as its root.

Nothing is installed into it: its root is this machine's, shared read-only, so it runs this very checkout with
this very environment, and is up in seconds where /dev/kvm is. Its screen is a real KMS device of the kernel.
"""

from __future__ import annotations

import json
import platform
import shutil
import socket
import struct
import subprocess
import threading
import time
from pathlib import Path

import cv2

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache" / "vm-screen"
TOOLS = ("qemu-system-x86_64", "modprobe", "depmod", "cpio", "apt-get", "dpkg-deb")
BUSYBOX = Path("/bin/busybox")
MODULES = ("virtio_pci", "9pnet_virtio", "9p", "virtio_gpu", "cirrus")
SET_DESKTOP_SIZE = 251  # of RFB, the protocol of the emulator's viewers
INIT = """#!/bin/busybox sh
/bin/busybox mkdir -p /dev /proc /sys /mnt
/bin/busybox --install -s /bin
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
for module in $(cat /modules/order); do insmod /modules/$module; done
mount -t 9p -o trans=virtio,version=9p2000.L,ro,msize=262144,cache=loose root /mnt || poweroff -f
for place in proc sys dev; do mount --bind /$place /mnt/$place; done
mount -t tmpfs tmp /mnt/run; mkdir -p /mnt/run/home
cd /mnt; exec </dev/ttyS0 >/dev/ttyS0 2>&1
echo guest-is-up
chroot /mnt /bin/sh "$(sed 's/.*script=//; s/ .*//' /proc/cmdline)"
echo guest-has-ended $?
poweroff -f
"""


def why_not() -> str:
    """Why there can be no such machine here, in words; empty where there can."""
    if platform.machine() != "x86_64":
        return "the emulated screen runs x86-64 programs"
    lacking = [tool for tool in TOOLS if shutil.which(tool) is None]
    if not BUSYBOX.exists():
        lacking.append("busybox-static")
    if lacking:
        return f"no emulated screen without {', '.join(lacking)}: apt install qemu-system-x86 kmod cpio"
    return ""


def kernel() -> tuple[Path, Path]:
    """Debian's kernel and a start-up archive with its modules, made once."""
    image, archive = CACHE / "vmlinuz", CACHE / "initrd"
    if not (image.exists() and archive.exists()):
        tree = _unpacked()
        (version,) = (path.name for path in (tree / "lib" / "modules").iterdir())
        subprocess.run(["depmod", "-b", tree, version], check=True)
        _write_archive(tree, version, archive)
        shutil.copy(tree / "boot" / f"vmlinuz-{version}", image)
        shutil.rmtree(tree)
    return image, archive


def _unpacked() -> Path:
    """The kernel's package, unpacked."""
    tree = CACHE / "tree"
    shutil.rmtree(tree, ignore_errors=True)
    tree.mkdir(parents=True)
    wants = subprocess.run(
        ["apt-cache", "depends", "linux-image-amd64"], capture_output=True, text=True, check=True
    ).stdout
    name = next(line.split()[1] for line in wants.splitlines() if "Depends:" in line)
    subprocess.run(["apt-get", "download", "-qq", name], cwd=CACHE, check=True, stderr=subprocess.DEVNULL)
    package = next(CACHE.glob(f"{name}_*.deb"))
    subprocess.run(["dpkg-deb", "-x", package, tree], check=True)
    package.unlink()
    return tree


def _write_archive(tree: Path, version: str, archive: Path) -> None:
    """BusyBox, the modules in the order they are loaded in, and what starts first."""
    inside = CACHE / "inside"
    shutil.rmtree(inside, ignore_errors=True)
    (inside / "bin").mkdir(parents=True)
    (inside / "modules").mkdir()
    shutil.copy(BUSYBOX, inside / "bin" / "busybox")
    order: list[str] = []
    for module in MODULES:
        lines = subprocess.run(
            ["modprobe", "-d", tree, "-S", version, "-D", module], capture_output=True, text=True, check=True
        ).stdout
        for path in (Path(line.split()[1]) for line in lines.splitlines() if line.startswith("insmod")):
            if path.name not in order:
                order.append(path.name)
                shutil.copy(path, inside / "modules")
    (inside / "modules" / "order").write_text("\n".join(order))
    (inside / "init").write_text(INIT)
    (inside / "init").chmod(0o755)
    names = "\n".join(str(path.relative_to(inside)) for path in inside.rglob("*"))
    with archive.open("wb") as out:
        subprocess.run(
            ["cpio", "-o", "-H", "newc", "--quiet"], cwd=inside, input=names.encode(), stdout=out, check=True
        )
    shutil.rmtree(inside)


def _exactly(connection: socket.socket, number: int) -> bytes:
    """The next so many bytes."""
    data = b""
    while len(data) < number:
        part = connection.recv(number - len(data))
        assert part, "the emulator's viewer was shut out"
        data += part
    return data


class Guest:
    """The running machine. `script` is a shell script that it runs as root; it ends with the script."""

    def __init__(self, script: Path, folder: Path, devices: tuple[str, ...]):
        """`folder` takes its sockets and pictures, `devices` are the emulator's."""
        image, archive = kernel()
        self.lines: list[str] = []
        self._folder = folder
        self._changed = threading.Condition()
        command = [
            "qemu-system-x86_64", "-machine", "q35,accel=tcg", "-m", "1024", "-smp", "2",
            "-cpu", "max",
            "-nodefaults", "-no-reboot", "-display", "none", "-serial", "stdio", "-vga", "none",
            "-kernel", str(image), "-initrd", str(archive),
            "-append", f"console=ttyS0 quiet panic=1 script={script} end",
            "-virtfs", "local,path=/,mount_tag=root,security_model=none,readonly=on,multidevs=remap",
            "-qmp", f"unix:{folder}/qmp,server=on,wait=off", "-vnc", f"unix:{folder}/vnc,display=screen",
            *(word for device in devices for word in ("-device", device)),
        ]  # fmt: skip
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            with self._changed:
                self.lines.append(line.decode(errors="replace").strip())
                self._changed.notify_all()
        self._process.wait()  # or who waits for a line would not see that none will come
        with self._changed:
            self._changed.notify_all()

    def wait_for(self, word: str, limit_s: float, after: int = 0) -> str:
        """The first line with `word` in it, of those from number `after` on; fails with all that was said."""

        def found() -> str | None:
            return next((line for line in self.lines[after:] if word in line), None)

        with self._changed:
            self._changed.wait_for(lambda: found() is not None or self._process.poll() is not None, limit_s)
            line = found()
        assert line is not None, f"{word!r} was never said: " + "\n".join(self.lines[-40:])
        return line

    def ask(self, command: str, **arguments: object) -> object:
        """The answer of the emulator's own monitor (QMP)."""
        with socket.socket(socket.AF_UNIX) as monitor:
            monitor.settimeout(10)
            monitor.connect(str(self._folder / "qmp"))
            stream = monitor.makefile("rw")
            stream.readline()  # its greeting
            for message in ({"execute": "qmp_capabilities"}, {"execute": command, "arguments": arguments}):
                stream.write(json.dumps(message) + "\n")
                stream.flush()
                while "event" in (answer := json.loads(stream.readline())):
                    pass
        assert "return" in answer, answer
        return answer["return"]

    def picture(self, device: str = "screen", head: int = 0):
        """What the screen shows, (height, width, 3) uint8 BGR."""
        path = self._folder / f"shown-{time.monotonic_ns()}.ppm"
        self.ask("screendump", filename=str(path), device=device, head=head)
        return cv2.imread(str(path))

    def plug(self, width: int, height: int) -> None:
        """Let the screen have another size, as a viewer of the emulator's may; 0, 0 is no screen at all."""
        with socket.socket(socket.AF_UNIX) as viewer:
            viewer.settimeout(10)
            viewer.connect(str(self._folder / "vnc"))
            for number, reply in (
                (12, b"RFB 003.008\n"),
                (2, b"\1"),
                (4, b"\1"),
            ):  # greeting, no password, shared
                _exactly(viewer, number)
                viewer.sendall(reply)
            name = _exactly(viewer, 24)[20:]
            _exactly(viewer, int.from_bytes(name, "big"))
            viewer.sendall(struct.pack(">BxHHBx", SET_DESKTOP_SIZE, width, height, 0))
            time.sleep(0.5)  # the emulator ends a viewer's connection with what is left unread

    def end(self) -> None:
        """Switch it off."""
        self._process.kill()
        self._process.wait(10)
        self._reader.join(5)
