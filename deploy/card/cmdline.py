"""The one line of cmdline.txt that the firmware gives to the kernel."""

from __future__ import annotations

from collections.abc import Sequence

from deploy.on_device.boot_files import WORDS

ALWAYS = WORDS  # set on the card already: they count from the first start on


def with_words(content: bytes, words: Sequence[str]) -> bytes:
    """The line with `words` at its end, each once, in place of others for the same key. It stays one line.

    Only a value of the same name gives way; `console=` and others that may stand twice are not for here.
    """
    single = [word for word in words if not word.startswith("cgroup_")]  # other controllers may be named, too
    names = {word.partition("=")[0] for word in single}
    old = content.decode().split()
    kept = [word for word in old if word not in words and word.partition("=")[0] not in names]
    return (" ".join([*kept, *words]) + "\n").encode()
