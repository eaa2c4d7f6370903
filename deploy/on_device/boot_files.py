"""Two files that a machine starts by, as text: the kernel's command line and the table of file systems."""

from __future__ import annotations

WORDS = ("cgroup_enable=memory", "consoleblank=0")  # MemoryMax= has no effect without the first
VIDEO = "video="


def with_words(line: str, video: str) -> str:
    """`cmdline.txt` with the words that a kiosk needs, once each, in one line.

    `video` is the mode of a screen that is switched on late, such as "HDMI-A-1:1920x1080@60D"; it takes the
    place of another for the same connector. Empty, it changes nothing.
    """
    words = line.split()
    wanted = [*WORDS, *([VIDEO + video] if video else [])]
    other_values = ("consoleblank=", *([f"{VIDEO}{video.partition(':')[0]}:"] if video else []))
    kept = [word for word in words if word in wanted or not word.startswith(other_values)]
    return " ".join([*dict.fromkeys(kept), *(word for word in wanted if word not in kept)]) + "\n"


def with_options(table: str) -> str:
    """`fstab` whose ext4 file systems have noatime and commit=60: fewer writes, and a minute to lose."""
    return "".join(_with_options(line) for line in table.splitlines(keepends=True))


def _with_options(line: str) -> str:
    fields = line.split()
    if len(fields) < 4 or fields[0].startswith("#") or fields[2] != "ext4":
        return line
    before = fields[3].split(",")
    kept = [one for one in before if one not in ("atime", "relatime", "strictatime")]
    kept = [one for one in kept if not one.startswith("commit=") or one == "commit=60"]
    after = list(dict.fromkeys([*kept, "noatime", "commit=60"]))
    if after == before:
        return line
    return "\t".join([*fields[:3], ",".join(after), *fields[4:]]) + "\n"
