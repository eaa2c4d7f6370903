"""A device in a folder: its root, the commands of its system, a /health as the running release has it."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from deploy.archive import manifest, pack

OLD, NEW, THIRD = "a" * 40, "b" * 40, "c" * 40
SYSTEMCTL = """#!/bin/sh
# The service does what the release's file `behaviour` says, as soon as it is started.
echo "systemctl $*" >> "$DEVICE_STATE/calls"
unit() {
  printf 'LoadState=loaded\\nType=notify\\nActiveState=%s\\nSubState=%s\\nResult=%s\\n' "$1" "$2" "$3"
  printf 'MainPID=%s\\nNRestarts=%s\\nStatusText=%s\\n' "$4" "$5" "$6"
} > "$DEVICE_STATE/unit"
case "$*" in
  *--value) echo 30s ;;
  show*) cat "$DEVICE_STATE/unit" ;;
  stop*) unit inactive dead success 0 0 ;;
  start*)
    case "$(cat "$DEVICE_ROOT/opt/kiosk/current/app/behaviour")" in
      fails) unit failed failed exit-code 0 0 ;;
      dies) unit activating auto-restart exit-code 0 3 ;;
      well) unit active running success $$ 0 ok ;;
      *) unit active running success $$ 0 ;;
    esac ;;
esac
"""
COMMANDS = {
    "systemctl": SYSTEMCTL,
    "journalctl": "#!/bin/sh\necho 'Nov 25 kiosk[1]: the last words'\n",
    "sudo": '#!/bin/sh\n[ "$1" = -n ] && shift\nexec "$@"\n',
    "dpkg": "#!/bin/sh\necho arm64\n",
    "dpkg-query": '#!/bin/sh\nshift 3\nfor name in "$@"; do echo "$name installed"; done\n',
    "vcgencmd": "#!/bin/sh\necho throttled=0x50005\n",
    "nice": '#!/bin/sh\nexec "$@"\n',
    "python3": f'#!/bin/sh\nexec "{os.path.realpath(sys.executable)}" "$@"\n',
    # the unit's own process, with its log where the options say, and what follows its death
    "systemd-run": """#!/bin/sh
while [ $# -gt 0 ]; do
  case "$1" in
    -p)
      case "$2" in
        StandardOutput=append:*) log=${2#*append:} ;;
        ExecStopPost=*) post=${2#*=} ;;
      esac
      shift 2 ;;
    --*) shift ;;
    *) break ;;
  esac
done
"$@" >> "$log" 2>&1
status=$?
$post >> "$log" 2>&1
exit $status
""",
}
DOCTOR = """import pathlib, sys
print("ok   Python")
if pathlib.Path("behaviour").read_text() == "unfit":
    print("bad  ages         9.0 years for the built-in face, which is 34.3")
    sys.exit(1)
"""


class Device:
    """`root` is the device's /, `commands` a folder for PATH, `state` what its systemd knows."""

    def __init__(self, folder: Path):
        self.root, self.commands, self.state = folder / "root", folder / "commands", folder / "state"
        for path in (self.root / "opt/kiosk/incoming", self.commands, self.state):
            path.mkdir(parents=True)
        for name, text in COMMANDS.items():
            self.command(name, text)
        self.file("etc/os-release", 'ID=debian\nVERSION_CODENAME="bookworm"\n')
        self.file("proc/sys/kernel/random/boot_id", "boot-1\n")
        self.file("proc/mounts", "/dev/root / ext4 rw,noatime 0 0\n")
        self.file("sys/class/video4linux/video0/name", "UVC Camera\n")
        self.file("sys/class/thermal/thermal_zone0/temp", "51000\n")
        (self.state / "unit").write_text("")
        self.home = self.root / "opt/kiosk"
        self._page = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.file("etc/kiosk/kiosk.toml", f'[output]\nuse = ["web:{self._page.server_port}"]\n')
        threading.Thread(target=self._page.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def environment(self) -> dict[str, str]:
        """In which the device's commands run."""
        path = f"{self.commands}:{os.environ['PATH']}"
        return {**os.environ, "PATH": path, "DEVICE_STATE": str(self.state), "DEVICE_ROOT": str(self.root)}

    def close(self) -> None:
        self._page.shutdown()
        self._page.server_close()

    def file(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def command(self, name: str, text: str) -> None:
        path = self.commands / name
        path.write_text(text)
        path.chmod(0o755)

    def release(self, commit: str, behaviour: str = "well") -> Path:
        """A release that is there."""
        home = self.home / "releases" / commit
        fill(home, commit, behaviour)
        return home

    def unit(self, told: str) -> None:
        """Let systemd say this of the service."""
        (self.state / "unit").write_text(told)

    def runs(self, commit: str) -> None:
        """Let a release run and be well."""
        self.release(commit)
        for name in ("current", "guard"):
            os.symlink(f"releases/{commit}", self.home / name)
        (self.home / "history").write_text(f"{commit}\n")
        subprocess.run(["systemctl", "start", "kiosk.service"], env=self.environment, check=True)

    def current(self) -> str:
        return Path(os.readlink(self.home / "current")).name

    def calls(self) -> list[str]:
        """What was asked of systemctl, without the questions."""
        lines = (self.state / "calls").read_text().splitlines()
        return [line for line in lines if " show " not in line]

    def digest(self) -> str:
        """A sum over every path, mode, link and content below the root."""
        sums = hashlib.sha256()
        for path in sorted(self.root.rglob("*")):
            info = path.lstat()
            sums.update(f"{path} {info.st_mode}\n".encode())
            if stat.S_ISLNK(info.st_mode):
                sums.update(os.readlink(path).encode())
            elif stat.S_ISREG(info.st_mode):
                sums.update(path.read_bytes())
        return sums.hexdigest()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        home, frames = self.home, iter(range(1, 1 << 30))

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                behaviour = (home / "current/app/behaviour").read_text()
                told = {"status": "ok", "reasons": [], "frames": next(frames)}
                if behaviour == "blind":
                    told = {"status": "down", "reasons": ["camera dark"], "frames": 0}
                if behaviour == "frozen":
                    told["frames"] = 7
                body = json.dumps(told).encode() if behaviour != "hangs" else b""
                self.send_response(503 if told["status"] == "down" else 200)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *words: object) -> None:
                pass

        return Handler


def fill(home: Path, commit: str, behaviour: str = "well", system: str = "bookworm") -> None:
    """A release's files, as a bundle has them."""
    files = {
        "app/COMMIT": f"{commit}\n",
        "app/behaviour": behaviour,
        "app/device/__init__.py": "",
        "app/device/__main__.py": DOCTOR,
        "site-packages/numpy/core.so": "ELF" * 5000,
        "release.json": json.dumps({"os": system, "python": "3.11", "commit": commit, "time": 0, "apt": []}),
    }
    for name, text in files.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text)
    tools = Path(__file__).resolve().parents[3] / "deploy"
    for path in [tools / "__init__.py", *sorted((tools / "on_device").glob("*.py"))]:
        target = home / "app/deploy" / path.relative_to(tools)
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.name != "setup.py":  # of its own tests
            target.write_text(path.read_text())
    (home / "MANIFEST").write_text(manifest(home))


def bundle(folder: Path, commit: str, behaviour: str = "well", system: str = "bookworm") -> Path:
    """A bundle's file."""
    fill(folder / commit, commit, behaviour, system)
    return pack(folder / commit, folder / f"kiosk-{commit[:12]}-{system}.tar", "zstd")
