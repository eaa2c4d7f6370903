"""All files that the first start needs, in the form that the image understands."""

from __future__ import annotations

from typing import NamedTuple

from deploy.card import cloud_init, cmdline, firstrun, preseed
from deploy.card.fat import Fat
from deploy.card.image import CLOUD_INIT, PRESEED, Image
from deploy.card.payload import COMMAND
from deploy.card.secrets import Secrets


class FirstBoot(NamedTuple):
    """What is put on the FAT partition so that the image gives itself name, user, network and kiosk."""

    files: dict[str, bytes]
    words: tuple[str, ...]  # at the end of cmdline.txt

    def cmdline(self, fat: Fat) -> bytes:
        """The image's cmdline.txt with the words."""
        return cmdline.with_words(fat.read("cmdline.txt") or b"", self.words)


def compose(image: Image, secrets: Secrets, instance: str) -> FirstBoot:
    """The files and words for one card. instance: an ID that no other card has."""
    country = (f"cfg80211.ieee80211_regdom={secrets.country}",) if secrets.country else ()
    always = (*cmdline.ALWAYS, *country)
    if image.first_boot == PRESEED:
        return FirstBoot(preseed.files(secrets, f"{COMMAND} start"), always)
    if image.first_boot == CLOUD_INIT:
        files = cloud_init.files(secrets, f"{COMMAND} start", instance)
        return FirstBoot(files, always + cloud_init.words(instance))
    return FirstBoot(firstrun.files(secrets, f"{COMMAND} enable"), always + firstrun.WORDS)
