"""The definitions of device/audience/README.md once more, as plain sums over the rows of a trace.

Written apart from the program: each number is looked up in the whole trace, nothing is counted as it passes.
"""

from __future__ import annotations

GAP_S, PERSON_S, WATCHER_S, FACING = 1.0, 1.0, 0.5, 0.25
EDGES = {"0-5": 5.0, "5-15": 15.0, "15-30": 30.0, "30-60": 60.0, "60+": float("inf")}


class Life:
    """One track: the seconds that each of its frames adds, and the band it is counted in."""

    def __init__(self):
        self.steps = []  # (time, seconds, of them towards the screen, settled band)

    def dwell(self, until=float("inf")):
        return sum(seconds for t, seconds, _, _ in self.steps if t <= until)

    def attention(self, until=float("inf")):
        return sum(seconds for t, _, seconds, _ in self.steps if t <= until)

    @property
    def person_at(self):
        return next((t for t, *_ in self.steps if self.dwell(t) >= PERSON_S), None)

    @property
    def watcher_at(self):
        times = (t for t, *_ in self.steps if t >= self.person_at and self.attention(t) >= WATCHER_S)
        return None if self.person_at is None else next(times, None)

    @property
    def band(self):
        settled = (band for t, *_, band in self.steps if t >= self.person_at and band)
        return next(settled, "unknown")


def lives(rows) -> list[Life]:
    """Each track of the trace's rows: {"t", "tracks": [{"id", "yaw", "state", "band"}]}."""
    found, before, last = {}, {}, None
    for row in rows:
        now = {track["id"]: track for track in row["tracks"]}
        step = 0.0 if last is None else row["t"] - last
        for number, track in now.items():
            life = found.setdefault(number, Life())
            seconds = step if number in before and step <= GAP_S else 0.0
            yaw = track["yaw"]
            looking = yaw is not None and abs(yaw) <= FACING
            settled = track["band"] if track["state"] == "settled" else None
            life.steps.append((row["t"], seconds, seconds if looking else 0.0, settled))
        before, last = now, row["t"]
    return list(found.values())


def hour(rows, labels) -> dict:
    """The window of the whole trace, once everybody has left."""
    people = [life for life in lives(rows) if life.person_at is not None]
    watchers = [life for life in people if life.watcher_at is not None]
    return {
        "people": len(people),
        "watchers": len(watchers),
        "left": len(people),
        "dwell_s": seconds([life.dwell() for life in people]),
        "attention_s": seconds([life.attention() for life in watchers]),
        "bands": {label: sum(life.band == label for life in people) for label in labels},
    }


def seconds(values) -> dict:
    return {
        "sum": sum(values),
        "mean": sum(values) / len(values) if values else None,
        "bins": {
            name: sum(low <= value < high for value in values)
            for low, (name, high) in zip([0.0, *EDGES.values()], EDGES.items(), strict=False)
        },
    }
