"""What a run amounted to: frames, tracks and times, as a dictionary for JSON and as lines for people."""

from __future__ import annotations

from typing import Any

from device.budget.memory import COUNTED
from device.person import Person, ages_row

KEPT_TRACKS = 256  # the last ones; a run of months has no end of them


class Summary:
    """Counts frames and tracks as they pass, in a bounded amount of memory.

    Without `exact_ages` a track has the band of years that was shown last in place of age and spread.
    """

    def __init__(self, exact_ages: bool = True) -> None:
        self._exact_ages = exact_ages
        self.frames = 0
        self.frames_with_track = 0
        self.tracks_total = 0
        self._last_id = 0
        self._tracks: dict[int, dict[str, Any]] = {}  # by id, the one seen last at the end

    def record(self, index: int, _t: float, persons: list[Person]) -> None:
        """Count one finished frame and who was in it."""
        self.frames += 1
        self.frames_with_track += bool(persons)
        for person in persons:
            track = self._tracks.pop(person.id, None) or self._begin(index, person.id)
            self._tracks[person.id] = track
            track["last_frame"] = index
            track["frames"] += 1
            if self._exact_ages:
                track |= ages_row(person.age, person.interval)
            else:
                track |= {**ages_row(None, None), "band": person.band}
        if len(self._tracks) > KEPT_TRACKS:
            del self._tracks[next(iter(self._tracks))]

    def _begin(self, index: int, number: int) -> dict[str, Any]:
        """A row for a new track; identities rise, so one that is no larger was counted before."""
        self.tracks_total += number > self._last_id
        self._last_id = max(self._last_id, number)
        return {"id": number, "first_frame": index, "frames": 0}

    def tracks(self) -> list[dict[str, Any]]:
        """The last tracks: id, first_frame, last_frame, frames, and the age and spread shown last."""
        return sorted(self._tracks.values(), key=lambda track: track["id"])


def as_text(report: dict[str, Any]) -> str:
    """The summary in a few lines for the person at the terminal. `report` is what `--summary json` prints."""
    seen = f"{report['frames_with_track']} of {report['frames']} frames with a face"
    lines = [f"{seen}, {report['tracks_total']} tracks, {report['dropped']} frames dropped"]
    for track in report["tracks"][-8:]:
        lines.append(f"track {track['id']}: {track['frames']} frames, {_age(track)}")
    if "frame" in report["stages"]:
        frame = report["stages"]["frame"]
        lines.append(f"a frame takes {frame['p50']:.2f} ms (p50), {frame['p95']:.2f} ms (p95)")
    memory = f"{report['peak_memory_mib']:.0f} MiB ({COUNTED})"
    resident = f"{report['peak_rss_mib']:.0f} MiB resident with pages of files"
    lines.append(f"peak memory {memory}, {resident}; {report['restarts']} restarts of the source")
    return "\n".join(lines)


def _age(track: dict[str, Any]) -> str:
    """What was shown last of a track's age."""
    if track["age"] is not None:
        low, high = track["interval"]
        return f"{track['age']:.0f} years ({low:.0f} to {high:.0f})"
    return f"{track['band']} years" if track.get("band") else "no age yet"
