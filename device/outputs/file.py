"""`--output file:…`: a film, by the name's ending, or else a folder of pictures."""

from __future__ import annotations

from pathlib import Path

from device.config.schema import Settings
from device.errors import ConfigError
from device.outputs.open import Request
from device.outputs.output import Output

FILMS = {".mp4": "mp4v", ".mov": "mp4v", ".mkv": "mp4v", ".avi": "XVID"}  # ending: four letters of the coder
OTHER_FILMS = {".webm", ".m4v", ".mpg", ".mpeg", ".wmv", ".flv", ".ogv", ".ts", ".h264", ".mjpeg", ".gif"}


def open_output(request: Request) -> Output:
    """The film or the folder. Raises ConfigError."""
    if ending(request.rest) in FILMS:
        from device.outputs.video import Video

        return Video(request.rest, request.size, request.fps)
    if ending(request.rest) in OTHER_FILMS:
        raise ConfigError(
            f"--output file:{request.rest}: films of this kind cannot be written; allowed endings are "
            f"{', '.join(FILMS)}. A folder of pictures needs a name without {ending(request.rest)}."
        )
    from device.outputs.png_folder import PngFolder

    return PngFolder(request.rest)


def declared(rest: str, size: tuple[int, int], settings: Settings) -> int:
    """Bytes held for pictures of `size` (width, height)."""
    if ending(rest) in FILMS:
        from device.outputs import video

        return video.held_bytes(size)
    from device.outputs import png_folder

    return png_folder.held_bytes(size)


def ending(path: str) -> str:
    """The name's ending in small letters, such as ".mp4"; "" for a folder."""
    return "" if path.endswith("/") else Path(path).suffix.lower()
