"""Clips: whatever OpenCV's FFmpeg reads, animated GIFs among them, upright and on their own times."""

from __future__ import annotations

import math
import os
from typing import cast

import cv2

from device.camera.source import OnEvent, ignore
from device.config.schema import Settings
from device.errors import CameraError
from device.frame import Frame, Image
from device.media import opencv_name, shown

FPS_RANGE = (1.0, 240.0)  # outside, the file's header is wrong
FPS_UNKNOWN = 25.0
TURNS = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}
BAD_READS = 300  # in a row, ten seconds of a clip: what is damaged for longer has ended (reasoned)
ALMOST = 0.9  # of the frames that the file announces, which is often a few too high (reasoned)
DAY_S = 86400.0  # a time stamp beyond is none
NO_DECODER = {"av01": "AV1"}  # codecs that this OpenCV finds in a file, but cannot decode
# Memory, in bytes a pixel, measured as the growth of the resident set with H.264 of 1920x1080 (22.3) and
# 3840x2160 (21.5): FFmpeg's reference pictures, and its conversion to BGR.
DECODER_BYTES = 22
BGR_BYTES = 3
OTHER_FRAMES = 2  # beside the ring: the picture that is drawn on, and the one that is shown
BASE_MIB = 48  # what a run without frames holds: Python, the libraries and the networks


class Clip:
    """Decodes `path` straight into the caller's buffers.

    Media time: frame n is at n / fps seconds, until the file's own time stamps leave that rate (cameras of
    telephones slow down in the dark); from there on they count.
    """

    live = False

    def __init__(
        self, path: str, loop: bool = False, most_pixels: float = math.inf, on_event: OnEvent = ignore
    ):
        """Raises CameraError for a missing file, one that holds no clip, or one larger than `most_pixels`."""
        self.name = f"file:{shown(path)}"
        self.small_size: tuple[int, int] | None = None
        self._path, self._loop, self._on_event = path, loop, on_event
        if not os.path.isfile(path):
            raise CameraError(f"{self.name}: there is no such file.")
        os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # or it writes a line for every bad block
        self._capture = self._opened()
        fps = self._capture.get(cv2.CAP_PROP_FPS)
        self.fps = fps if FPS_RANGE[0] <= fps <= FPS_RANGE[1] else FPS_UNKNOWN
        self._turn = TURNS.get(round(self._capture.get(cv2.CAP_PROP_ORIENTATION_META)) % 360)
        coded = self._number(cv2.CAP_PROP_FRAME_WIDTH), self._number(cv2.CAP_PROP_FRAME_HEIGHT)
        if not all(coded):
            raise CameraError(f"{self.name}: {self._why_not()}")
        self._refuse_large(coded, most_pixels)
        sideways = self._turn is not None and self._turn != cv2.ROTATE_180
        self.size = coded[::-1] if sideways else coded
        self._coded = None if self._turn is None else Frame(coded).image
        self._count = 0  # frames given
        self._start = 0.0  # media time at which this pass through the clip began
        self._passed = 0  # frames of this pass
        self._first_stamp = 0.0  # the file's own time of the pass's first frame
        self._last = 0.0  # media time of the last frame
        self._own_times = False  # the file's times are no steps of 1 / fps
        self._told_damage = False

    def read(self, frame: Frame, timeout: float) -> bool:
        """The next frame; False at the end of a clip that is not looped."""
        image = frame.image if self._coded is None else self._coded
        got = self._decode(image)
        if not got and not self._count:
            raise CameraError(f"{self.name}: {self._why_not()}")
        if not got:
            self._tell_early_end()
            got = self._loop and self._begin_again(image)
        if not got:
            return False
        if self._coded is not None and self._turn is not None:
            cv2.rotate(self._coded, self._turn, dst=frame.image)
        frame.time = self._time()
        self._count += 1
        self._passed += 1
        return True

    def close(self) -> None:
        """Close the file."""
        self._capture.release()

    def _opened(self) -> cv2.VideoCapture:
        # One thread: FFmpeg's default of one a core holds a few pictures more for each.
        try:
            with opencv_name(self._path) as name:
                capture = cv2.VideoCapture(name, cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
        except OSError as error:
            raise CameraError(f"{self.name}: cannot be read: {error.strerror}.") from None
        if not capture.isOpened():
            raise CameraError(f"{self.name}: not a clip that can be played; give an MP4, MKV, AVI or GIF.")
        capture.set(cv2.CAP_PROP_ORIENTATION_AUTO, 0)  # turned here, into a buffer made once
        return capture

    def _decode(self, image: Image) -> bool:
        """Decode the next frame that can be into `image`; passes over damaged places."""
        for failed in range(BAD_READS):
            got, decoded = self._capture.read(image)
            if got:
                self._tell_damage(failed)
                self._check_size(cast(Image, decoded), image)
                return True
        return False

    def _check_size(self, decoded: Image, wanted: Image) -> None:
        if decoded is not wanted:  # OpenCV makes a new picture when the buffer does not fit
            size, expected = (f"{picture.shape[1]}x{picture.shape[0]}" for picture in (decoded, wanted))
            raise CameraError(
                f"{self.name}: frame {self._count} is {size} pixels, the clip {expected};"
                " clips that change their size cannot be played."
            )

    def _time(self) -> float:
        """Media time of the frame just decoded, in seconds; never less than the one before."""
        nominal = self._start + self._passed / self.fps
        stamp = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
        if not self._passed:
            self._first_stamp = stamp
        own = self._start + stamp - self._first_stamp
        told = abs(stamp) < DAY_S and (own > self._last or not self._passed)
        if told and abs(own - nominal) > 0.5 / self.fps:
            self._own_times = True
        if self._own_times:
            self._last = own if told else self._last + 1 / self.fps
        else:
            self._last = nominal
        return self._last

    def _begin_again(self, image: Image) -> bool:
        """Decode the first frame; a stream without an index (raw H.264, MJPEG) is opened anew for it."""
        self._start, self._passed = self._last + 1 / self.fps, 0
        self._capture.set(cv2.CAP_PROP_POS_FRAMES, 0)
        if self._decode(image):
            return True
        self._capture.release()
        self._capture = self._opened()
        return self._decode(image)

    def _tell_damage(self, failed: int) -> None:
        if failed and self._count and not self._told_damage:
            self._told_damage = True
            self._on_event(
                "damaged", f"{self.name}: damaged after frame {self._count}; it goes on behind that."
            )

    def _tell_early_end(self) -> None:
        announced = self._capture.get(cv2.CAP_PROP_FRAME_COUNT)
        if self._passed < ALMOST * announced and not self._told_damage:
            self._told_damage = True
            self._on_event(
                "damaged",
                f"{self.name}: ends after {self._passed} of about {announced:.0f} frames;"
                " it is damaged or cut short, copy it anew.",
            )

    def _why_not(self) -> str:
        """Why nothing of it can be decoded, and what to do."""
        codec = self._number(cv2.CAP_PROP_FOURCC).to_bytes(4, "little").decode("ascii", "replace").lower()
        if codec in NO_DECODER:
            return (
                f"{NO_DECODER[codec]} cannot be decoded here; turn it into H.264:"
                " ffmpeg -i CLIP -c:v libx264 -pix_fmt yuv420p OUT.mp4"
            )
        return "no frame of it can be decoded; it is cut short, or its codec is not known here."

    def _refuse_large(self, size: tuple[int, int], most_pixels: float) -> None:
        width, height = size
        if width * height <= most_pixels:
            return
        scale = math.sqrt(most_pixels / (width * height))
        fitting = int(width * scale) // 16 * 16
        raise CameraError(
            f"{self.name}: {width}x{height} pixels do not fit the memory budget; make it {fitting} wide"
            f" (ffmpeg -i CLIP -vf scale={fitting}:-2 OUT.mp4), or raise limits.memory_mib."
        )

    def _number(self, property_id: int) -> int:
        value = self._capture.get(property_id)
        return int(value) if 0 < value < 2**32 else 0


def most_pixels(settings: Settings) -> float:
    """The largest picture that a clip may have within `limits.memory_mib`; never less than the camera's."""
    ring = 3 if settings.source.pace == "fast" else settings.camera.buffers
    pixel = DECODER_BYTES + BGR_BYTES * (ring + OTHER_FRAMES)
    room = (settings.limits.memory_mib - BASE_MIB) * 2**20
    return max(room / pixel, settings.camera.width * settings.camera.height)
