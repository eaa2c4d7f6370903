"""How long each stage of a frame takes, kept in a fixed few kilobytes however long the run."""

from __future__ import annotations

import math
from array import array

NAMES = ("read", "detect", "track", "age", "overlay", "output", "frame")
_SHORTEST = 1e-6  # seconds, the first bucket
_PER_E_FOLD = 100  # buckets are 1 % wide
_BUCKETS = 1850  # up to 100 s


class Histogram:
    """Durations counted in logarithmic buckets, so that percentiles are good to half a percent."""

    __slots__ = ("_buckets", "count", "longest", "total")

    def __init__(self) -> None:
        self._buckets = array("L", bytes(array("L").itemsize * _BUCKETS))
        self.count = 0
        self.total = 0.0
        self.longest = 0.0

    def add(self, seconds: float) -> None:
        """Count one duration in seconds; below a microsecond it counts as one."""
        place = int(math.log(seconds / _SHORTEST) * _PER_E_FOLD) if seconds > _SHORTEST else 0
        self._buckets[min(place, _BUCKETS - 1)] += 1
        self.count += 1
        self.total += seconds
        self.longest = max(self.longest, seconds)

    def percentile(self, share: float) -> float:
        """The duration in seconds that `share` (0 to 1) of all stay within; 0.0 when there are none."""
        wanted = share * self.count
        passed = 0
        for place, count in enumerate(self._buckets):
            passed += count
            if count and passed >= wanted:
                return min(_SHORTEST * math.exp((place + 0.5) / _PER_E_FOLD), self.longest)
        return 0.0


class Timings:
    """A histogram for each stage in `NAMES`."""

    def __init__(self) -> None:
        self._histograms = {name: Histogram() for name in NAMES}

    def add(self, name: str, seconds: float) -> None:
        """Count one pass through the stage `name`."""
        self._histograms[name].add(seconds)

    def __getitem__(self, name: str) -> Histogram:
        return self._histograms[name]

    def clear(self) -> None:
        """Forget everything, as after a warm-up."""
        for name in NAMES:
            self._histograms[name] = Histogram()

    def milliseconds(self, shares: tuple[float, ...] = (0.5, 0.95)) -> dict[str, dict[str, float]]:
        """Percentiles of every stage that ran: `{"detect": {"p50": 1.1, "p95": 1.4}, …}`, in ms."""
        return {
            name: {f"p{share * 100:g}": round(histogram.percentile(share) * 1e3, 3) for share in shares}
            for name, histogram in self._histograms.items()
            if histogram.count
        }
