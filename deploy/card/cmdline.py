"""The one line of cmdline.txt that the firmware gives to the kernel."""

from __future__ import annotations

from collections.abc import Sequence

# The firmware switches the memory controller off, and the service's MemoryMax then does nothing, silently.
# A screen that the kernel has blanked stays black until somebody presses a key.
ALWAYS = ("cgroup_enable=memory", "consoleblank=0")


def with_words(content: bytes, words: Sequence[str]) -> bytes:
    """The line with `words` at its end, each once, in place of others for the same key. It stays one line.

    Only a value of the same name gives way; `console=` and others that may stand twice are not for here.
    """
    names = {
        word.partition("=")[0] for word in words if not word.startswith("cgroup_")
    }  # may stand many times
    old = content.decode().split()
    kept = [word for word in old if word not in words and word.partition("=")[0] not in names]
    return (" ".join([*kept, *words]) + "\n").encode()
