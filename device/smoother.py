"""One steady age from a face's single estimates."""

from __future__ import annotations

import math
from types import SimpleNamespace

from device.bands import Bands
from device.quality import Quality

Z80 = 1.2816  # half of the 80 % interval of a normal distribution, in standard deviations
HEAVY_TAIL = 4.0  # degrees of freedom of Student's t, which a single estimate's error follows
DRIFT = 0.05  # years: what the estimate's slow part wanders by in a second
FIRST_NOISE = 3.0  # years
MEMORY_S = 0.2  # errors of frames closer than this are much the same error
UNKNOWN = 0.2  # of the age: what no number of frames of this face will tell


class AgeFilter:
    """A Kalman filter on one number, for errors that are heavy-tailed and alike in neighbouring frames.

    `settings` is the section `smoother`. `age` is what is shown (years, None before it is known), `spread`
    half of its 80 % interval, `band` its label, `state` one of finding, settling, settled.
    """

    __slots__ = ("_band", "_bands", "_mean", "_seen", "_settings", "_variance", "age", "spread", "state")

    def __init__(self, settings: SimpleNamespace):
        self._settings = settings
        self._bands = Bands(settings.bands)
        self.reset()

    def reset(self) -> None:
        """Forget the person."""
        self._mean, self._variance = 0.0, math.inf
        self._seen: float | None = None
        self._band: int | None = None
        self.age = self.spread = None
        self.state = "finding"

    @property
    def band(self) -> str | None:
        """The label of the band shown, such as "25–34"."""
        return None if self._band is None else self._bands.labels[self._band]

    def update(self, raw: float, quality: Quality, t: float) -> None:
        """Take in one estimate, `raw` years, from a face of this `quality` at time `t` (seconds, rising)."""
        self._take_in(raw, self._noise(quality), t)
        self._show()

    def _noise(self, quality: Quality) -> float:
        """Variance of one frame's estimate about the face's own mean, squared years."""
        return (FIRST_NOISE * (1 + abs(quality.yaw)) * (1 + 8.0 / quality.size)) ** 2

    def _take_in(self, raw: float, noise: float, t: float) -> None:
        if self._seen is None:
            self._mean, self._variance, self._seen = raw, noise, t
            return
        apart = max(t - self._seen, 1e-3)
        alike = math.exp(-apart / MEMORY_S)
        self._seen = t
        self._variance += DRIFT**2 * apart
        error = raw - self._mean
        surprise = error * error / (self._variance + noise)
        weight = (HEAVY_TAIL + 1) / (HEAVY_TAIL + surprise)
        # of an autoregressive error, only this share of an observation is new
        share = (1 - alike) / (1 + alike)
        gain = self._variance / (self._variance + noise / (share * weight))
        self._mean += gain * error
        self._variance *= 1 - gain

    def _show(self) -> None:
        """Decide what is shown: nothing, the estimate, or what was shown before."""
        settings = self._settings
        wander = Z80 * math.sqrt(self._variance)
        if self.state == "finding" and wander > settings.show_within:
            return
        if self.state != "settled":
            self.age = self._mean
            self.state = "settled" if wander <= settings.settle_within else "settling"
        elif abs(self._mean - self.age) > settings.hold:
            self.age = self._mean
        self.spread = math.hypot(wander, UNKNOWN * max(self.age, 5.0))
        self._band = self._bands.kept(self.age, self._band, settings.band_margin)
