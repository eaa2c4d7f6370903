"""`python -m calibration capture FOLDER --consent`: crops of the people at a site, for its own calibration.

The real camera loop runs; crops are kept in the one folder that was named, and nowhere else, until
`python -m calibration apply FOLDER` has used and deleted them.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
from argparse import ArgumentParser, Namespace
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from calibration.site import crop_folder
from calibration.site.diversity import Diversity
from calibration.synthetic import stored_png
from device.budget.timing import Timings
from device.config.schema import Settings
from device.errors import ConfigError
from device.faces.alignment import SIDE, Cropper
from device.faces.exposure_check import measure as measure_picture
from device.faces.quality import measure

WAIT = 0.2  # seconds for a frame, so that a signal is noticed soon
PROGRESS_EVERY = 1.0  # seconds between two lines of progress
SHEET_COLUMNS, SHEET_ROWS = 20, 15
SECTIONS = ("source", "camera", "detector", "age", "tracker", "output", "web")


def add_options(parser: ArgumentParser) -> None:
    """The options of `capture`: the folder, the consent, limits, and the camera's settings."""
    from device.config.options import add_settings, whole_number

    parser.add_argument("folder", type=Path, metavar="FOLDER", help="new or empty; all crops go there")
    parser.add_argument(
        "--consent",
        action="store_true",
        help="the people before the camera were told, and agreed; without it nothing is kept",
    )
    parser.add_argument(
        "--count",
        type=whole_number,
        default=300,
        metavar="N",
        help=f"end after so many crops, {crop_folder.MIN_CROPS} to {crop_folder.MAX_CROPS} (300)",
    )
    parser.add_argument("--minutes", type=whole_number, default=10, metavar="N", help="at most so long (10)")
    add_settings(parser, SECTIONS)


def main(args: Namespace) -> int:
    """Capture until there are enough crops, the time is over, or a signal comes; 0 if there are enough."""
    from device.config.options import settings_from

    settings = settings_from(args)
    if not crop_folder.MIN_CROPS <= args.count <= crop_folder.MAX_CROPS:
        allowed = f"{crop_folder.MIN_CROPS} to {crop_folder.MAX_CROPS} crops are allowed"
        raise ConfigError(f"--count {args.count}: {allowed}")
    print(crop_folder.NOTICE.format(folder=args.folder, count=args.count), file=sys.stderr)
    if not args.consent:
        print(
            "Nothing was kept. Add --consent when the people before the camera have agreed.", file=sys.stderr
        )
        return ConfigError.exit_status
    folder = crop_folder.create(args.folder)
    with ExitStack() as closing:
        capture = CaptureLoop(settings, folder, args.count, closing)
        capture.run(60.0 * args.minutes)
    crop_folder.describe(folder, capture.diversity.counts())
    enough = capture.kept >= crop_folder.MIN_CROPS
    advice = f"now run: python -m calibration apply {folder}"
    if not enough:
        crop_folder.delete(folder)
        advice = (
            f"at least {crop_folder.MIN_CROPS} are needed, so they were deleted; "
            "capture again, for longer and with more movement"
        )
    print(f"{capture.kept} crops kept; {advice}", file=sys.stderr)
    return 0 if enough else 1


class CaptureLoop:
    """The camera loop, which keeps crops and shows their contact sheet; `kept` counts them."""

    def __init__(self, settings: Settings, folder: Path, count: int, closing: ExitStack) -> None:
        from device.camera.capture import open_capture
        from device.outputs.open import open_outputs
        from device.pipeline.pipeline import Vision, open_networks

        self.kept, self.diversity = 0, Diversity()
        self._folder, self._count = folder, count
        self._stopping = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            closing.callback(signal.signal, number, signal.signal(number, lambda *_: self._stopping.set()))
        self._capture = open_capture(settings, lambda _kind, message: print(message, file=sys.stderr))
        closing.callback(self._capture.stop)
        source = self._capture.source
        self._vision = Vision(settings, source.size, source.fps, Timings(), *open_networks(settings))
        self._cropper = Cropper()
        self._sheet = np.full((SHEET_ROWS * SIDE, SHEET_COLUMNS * SIDE, 3), 24, np.uint8)
        size = (self._sheet.shape[1], self._sheet.shape[0])
        self._outputs = open_outputs(
            settings, size, 1.0, lambda text: print(text, file=sys.stderr), self._stopping.set
        )
        for output in self._outputs:
            closing.callback(output.close)

    def run(self, seconds: float) -> None:
        """Capture until enough crops are kept, the source ends, a signal comes, or `seconds` are over."""
        start = reported = time.monotonic()
        while not (self._stopping.is_set() or self._capture.ended or self.kept == self._count):
            frame = self._capture.next(WAIT)
            if frame is not None:
                self._vision.process(frame)
                self._keep_crops(frame)
                self._capture.release(frame)
            now = time.monotonic()
            if now - reported >= PROGRESS_EVERY:
                self._report_progress(now - start)
                reported = now
            if now - start > seconds:
                break
        self._report_progress(time.monotonic() - start)

    def _keep_crops(self, frame) -> None:
        """Keep the crops that add to the diversity, of the faces found in this frame."""
        for track in self._vision.tracks:
            if track.misses or track.unseen or self.kept == self._count:
                continue
            crop = self._cropper.cut(frame.image, track.keypoints[:2])
            if self.diversity.accept(track.id, measure(crop, track), measure_picture(crop), frame.time):
                (self._folder / crop_folder.name_of(self.kept)).write_bytes(stored_png.encode(crop))
                row, column = divmod(self.kept % (SHEET_ROWS * SHEET_COLUMNS), SHEET_COLUMNS)
                y, x = row * SIDE, column * SIDE
                self._sheet[y : y + SIDE, x : x + SIDE] = crop[..., ::-1]
                self.kept += 1

    def _report_progress(self, seconds: float) -> None:
        """Print a line of progress, and show the contact sheet on the outputs."""
        counts = ", ".join(f"{number} {name}" for name, number in self.diversity.counts().items())
        print(f"{seconds:5.0f} s  {self.kept} of {self._count} crops: {counts}", file=sys.stderr, flush=True)
        for output in self._outputs:
            if output.wanted():
                output.show(self._sheet, [], seconds)
