"""`--output file:OUT.mp4`: a film of what was shown, at a constant rate, whole or not there at all."""

from __future__ import annotations

import os
from contextlib import ExitStack, suppress
from pathlib import Path

import cv2

from device.errors import ConfigError
from device.files import put_in_place
from device.frame import Image
from device.media import opencv_folder, opencv_name, shown
from device.outputs.disk import Reserve, nearly_full
from device.outputs.file import FILMS, ending
from device.person import Person

CHECK_EVERY = 30  # frames between two looks at the disk
GAP_S = 2.0  # a longer pause, or a step back in time, is not filled with repeated pictures
MAX_REPEATS = 3  # of one picture: where the coder cannot keep up, repeating would only make it later still


class Video:
    """Writes into a hidden file beside `path`, and gives it its name when it is whole.

    A film that was there before stays as it was until then, also when the disk fills meanwhile.
    """

    optional = True

    def __init__(self, path: str, size: tuple[int, int], fps: float) -> None:
        """`size` is (width, height). Raises ConfigError when the place cannot be written or is full."""
        self.name = f"file:{shown(path)}"
        self._path = Path(path)
        # OpenCV wants a name of plain letters, whatever the film's own is; nobody can have put a link there
        self._part = self._path.with_name(f".film-{os.urandom(6).hex()}.part{ending(path)}")
        self._fps = fps if fps > 0 else 30.0
        self._count = 0
        self._begin = self._last = 0.0
        self._closing = ExitStack()
        self._reserve = self._take_place()
        self._writer: cv2.VideoWriter | None = self._open_writer(size)

    def _take_place(self) -> Reserve:
        if self._path.is_dir():
            kind = ending(str(self._path))
            raise ConfigError(f"--output {self.name}: is a folder; name a file, or a folder without {kind}.")
        try:
            full = nearly_full(self._path.parent)
            if not full:
                flags = os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_WRONLY
                os.close(os.open(self._part, flags, 0o600))  # people are in it
                return Reserve(self._part.with_suffix(".reserve"))
        except OSError as error:
            with suppress(OSError):  # the part, where there was no room for the reserve
                self._part.unlink()
            message = f"--output {self.name}: cannot be written ({error.strerror}); name a file in a folder "
            raise ConfigError(message + "that exists and may be written.") from None
        raise ConfigError(f"--output {self.name}: {full}; make room or name another disk.")

    def _open_writer(self, size: tuple[int, int]) -> cv2.VideoWriter:
        folder = self._closing.enter_context(opencv_folder(self._path.parent))
        coder = cv2.VideoWriter.fourcc(*FILMS[ending(str(self._path))])
        writer = cv2.VideoWriter(f"{folder}/{self._part.name}", cv2.CAP_FFMPEG, coder, self._fps, size)
        if not writer.isOpened():
            self._closing.close()
            self._reserve.free()
            self._part.unlink(missing_ok=True)
            message = "this OpenCV cannot write such a film; name a folder instead."
            raise ConfigError(f"--output {self.name}: {message}")
        return writer

    def wanted(self) -> bool:
        """Every frame is written."""
        return True

    def show(self, image: Image, persons: list[Person], t: float) -> None:
        """Write the picture as often as the film's rate asks for. Raises OSError before the disk is full."""
        assert self._writer is not None
        if not 0 <= t - self._last <= GAP_S:
            self._begin = t - self._count / self._fps
        self._last = t
        if self._count == 0:
            self._begin = t
        due = round((t - self._begin) * self._fps) + 1 - self._count
        for _ in range(min(due, MAX_REPEATS)):
            self._writer.write(image)
            self._count += 1
            if self._count % CHECK_EVERY == 0:
                self._check_room()
        if due > MAX_REPEATS:
            self._begin += (due - MAX_REPEATS) / self._fps

    def _check_room(self) -> None:
        """OpenCV's writer does not tell when the disk is full, so the film ends before that."""
        if full := nearly_full(self._path.parent):
            raise OSError(f"{full}; the film ends after {self._count / self._fps:.0f} s.")

    def close(self) -> None:
        """Finish the film and give it its name. Raises OSError when it is not whole: then there is none."""
        if self._writer is None:
            return
        self._reserve.free()
        self._writer.release()
        self._writer = None
        self._closing.close()
        try:
            if self._count:
                self._check_whole()
                put_in_place(self._part, self._path)
        finally:
            self._part.unlink(missing_ok=True)

    def _check_whole(self) -> None:
        """The film can be opened, and holds as many frames as were written."""
        with opencv_name(self._part) as name:
            film = cv2.VideoCapture(name, cv2.CAP_FFMPEG)
            found = int(film.get(cv2.CAP_PROP_FRAME_COUNT)) if film.isOpened() else 0
            film.release()
        if found < self._count:
            before = "the film that was there before stays" if self._path.exists() else "there is none"
            raise OSError(f"the film could not be finished ({found} of {self._count} frames); {before}.")


def held_bytes(size: tuple[int, int]) -> int:
    """Bytes held for pictures of `size`: the coder's frames in flight, its tables, the film's index."""
    return 8 * 2**20 + size[0] * size[1] * 3 * 4
