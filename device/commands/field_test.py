"""`python -m device field-test`: leads a technician through a test of the site, and keeps what came of it."""

from __future__ import annotations

import logging
import platform
import threading
import time
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import cv2

from device.app import logs
from device.app.application import Run
from device.app.signals import stop_on_signals
from device.app.version import version
from device.board.machine import describe, sentence
from device.config.options import add_settings, settings_from
from device.config.schema import Settings
from device.errors import ConfigError
from device.field_test.conductor import Conductor
from device.field_test.judge import Sample, judge_machine
from device.field_test.report import Document, document, last_of, prepared, save
from device.field_test.sights import Looker, Seen, Sight
from device.field_test.steps import machine_checks, steps
from device.frame import Frame, Image
from device.inference.model_files import model_path

LONGEST_SITE = 80  # characters

log = logging.getLogger(__name__)


def add_options(parser: ArgumentParser) -> None:
    """The options of `python -m device field-test`."""
    kept = "where the page and its JSON are kept; the last test of the same site there is shown beside"
    parser.add_argument("--out", type=Path, metavar="FOLDER", required=True, help=kept)
    parser.add_argument("--site", default=platform.node() or "site", help="the site's name (this machine's)")
    factor = "each step takes so many times its seconds, 0.01 to 10 (1)"
    parser.add_argument("--seconds", type=_factor, default=1.0, metavar="FACTOR", help=factor)
    picture = "put the camera's picture into the page; without it no picture is kept"
    parser.add_argument("--picture", action="store_true", help=picture)
    add_settings(parser)


def main(args: Namespace) -> int:
    """Go through the steps; 0 if none failed, 1 if one did or was not gone through."""
    settings = settings_from(args)
    site = args.site.strip()
    if not (site.isprintable() and 1 <= len(site) <= LONGEST_SITE):
        raise ConfigError(f"--site: 1 to {LONGEST_SITE} printable characters are allowed.")
    if args.picture and settings.overlay.privacy != "off":
        raise ConfigError("--picture keeps faces, and overlay.privacy hides them; leave one of them out.")
    prepared(args.out)
    logs.follow(settings.log)
    report, picture = test(settings, site, args.seconds, args.picture)
    last = last_of(args.out, site)
    for path in save(args.out, report, last, picture):
        log.info("kept: %s", path)
    log.info("all in all: %s", report["grade"])
    return 1 if report["grade"] == "failed" else 0


def test(settings: Settings, site: str, slower: float, wanted: bool) -> tuple[Document, bytes | None]:
    """The main job, with somebody who leads through the steps; the report, and a JPEG if `wanted`."""
    with ExitStack() as closing:
        stopping = threading.Event()
        listen = stop_on_signals(stopping, closing)
        run = Run(settings, stopping, closing)
        all_steps, source = steps(), run.capture.source
        looker = PicturingLooker(source.size) if wanted else Looker(source.size)

        def sample() -> Sample:
            return Sample(run.watcher.used_mib, run.load.celsius, run.load.throttled)

        conductor = Conductor(all_steps, looker, sample, stopping.set, slower)
        run.guide = conductor
        listen(lambda: None)
        run.loop.run()
        p95 = run.timings.milliseconds().get("frame", {}).get("p95")
        machine = judge_machine(
            machine_checks(settings), conductor.samples, conductor.rate, p95, run.capture.counters.restarts
        )
        missing = [step.name for step in all_steps[len(conductor.done) :]]
        facts = _facts(settings, source.name, source.size, run.networks[1].package)
        report = document(site, _now(), facts, conductor.done, missing, machine)
        return report, looker.jpeg() if isinstance(looker, PicturingLooker) else None


class PicturingLooker(Looker):
    """A looker that keeps a copy of the newest frame with a face, too."""

    def __init__(self, size: tuple[int, int]):
        super().__init__(size)
        self._image: Image | None = None

    def look(self, frame: Frame, tracks: Sequence[Seen]) -> Sight:
        """As `Looker.look`."""
        sight = super().look(frame, tracks)
        if sight.faces or self._image is None:
            self._image = frame.image.copy()
        return sight

    def jpeg(self) -> bytes | None:
        """The picture as a JPEG, None where no frame came."""
        return None if self._image is None else cv2.imencode(".jpg", self._image)[1].tobytes()


def _facts(settings: Settings, source: str, size: tuple[int, int], interpreter: str) -> dict[str, str]:
    """Device, release, camera and networks in words."""
    return {
        "release": version(),
        "device": sentence(describe()),
        "camera": f"{source}, {size[0]}×{size[1]}",
        "age network": f"{settings.age.model} ({model_path(settings.age.model).name}, {interpreter})",
        "face detector": settings.detector.range,
    }


def _now() -> str:
    """The local time with its zone, to the second."""
    return time.strftime("%Y-%m-%dT%H:%M:%S%z")


def _factor(text: str) -> float:
    """How many times its seconds each step takes, for argparse."""
    try:
        factor = float(text)
    except ValueError:
        factor = 0.0
    if not 0.01 <= factor <= 10:
        raise ArgumentTypeError("a number from 0.01 to 10 is allowed")
    return factor
