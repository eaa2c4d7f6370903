"""Where faces may be in a frame, for `overlay.privacy`: rather one too many than one too few."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from device.box import Box
from device.faces.detector import Detection

# Reasoned, not tuned
MISSED_GROWTH = (
    0.3  # of the size of a followed face that was missed, a second: it may be anywhere about there
)
HOLD_S = 1.0  # a face that nobody follows stays hidden for so long after it was found last
FOLLOWED_IOU = 0.3  # with a track's box: then that one is followed


class Followed(Protocol):
    """What must be known of a track."""

    @property
    def box(self) -> Box: ...  # noqa: D102
    @property
    def unseen(self) -> float: ...  # noqa: D102


class FacesToHide:
    """Remembers for `HOLD_S` what was found and is not followed: left out, not believed, or one too many."""

    def __init__(self) -> None:
        self._alone: list[tuple[float, Box]] = []

    def observe(self, found: Sequence[Detection], tracks: Sequence[Followed], now: float) -> list[Box]:
        """All boxes to be hidden in the frame of time `now`, in seconds, that the detector ran on."""
        boxes = [face.box for face in found]
        self._alone = [(t, box) for t, box in self._alone if 0 <= now - t <= HOLD_S]
        self._alone += [(now, box) for box in boxes if not any(box.iou(t.box) > FOLLOWED_IOU for t in tracks)]
        expected = (track.box.scaled(1 + MISSED_GROWTH * track.unseen) for track in tracks)
        return [*boxes, *expected, *(box for _, box in self._alone)]
