"""One steady age from a face's single estimates."""

from __future__ import annotations

import math

import numpy as np

from device.age.bands import Bands
from device.age.error_model import NoiseModel, by_age, features, pose_change
from device.config.schema import Settings
from device.faces.quality import Quality

Z80 = 1.2816  # half of the 80 % interval of a normal distribution, in standard deviations
HEAVY_TAIL = 4.0  # degrees of freedom of Student's t, which a single estimate's error follows
SURE = -60.0  # log odds against another person, of a face that was never out of view
CALM = -18.0  # and of one that is beyond doubt
RETURNED = -3.0  # and of one that is back after a second or more
OTHERS_AGE = 20.0  # years that two persons' ages differ by, standard deviation
FEWEST = 3  # looks before anything is shown
CLUE = 2.0  # log odds that one frame may tell at most
LOOK_MEMORY = 0.1  # weight of the newest frame in how a person usually looks
DRIFT = 0.05  # years that what the network says of a person may wander by in a second


class AgeFilter:
    """A Kalman filter on what the network says of a person, and on the error that its frames share.

    `settings` is the section `smoother`. `age` is what is shown (years, None before it is known), `spread`
    half of its 80 % interval, `band` its label, `state` one of finding, settling, settled. `another` says
    that the face turned out to be somebody else's, with whom all started over; who heeds it clears it.
    """

    __slots__ = (
        "_band",
        "_bands",
        "_doubt",
        "_error",
        "_last",
        "_look",
        "_looks",
        "_mean",
        "_noise",
        "_settings",
        "_since",
        "_t",
        "_variance",
        "age",
        "another",
        "spread",
        "state",
    )

    def __init__(self, settings: Settings, noise: NoiseModel, bands: Bands):
        self._settings = settings
        self._noise = noise
        self._bands = bands
        self.reset()

    def reset(self) -> None:
        """Forget the person."""
        self._last: Quality | None = None
        self._t = 0.0
        self._look: np.ndarray | None = None  # how the person usually looks
        self._doubt = SURE
        self._mean = 0.0  # of what the network says of this person, years
        self._error = 0.0  # that neighbouring frames share, of unit variance
        self._variance = (0.0, 0.0, 0.0)  # of the mean, of both, of the shared error
        self._looks = 0
        self._since = 0.0  # when settling began
        self._band: int | None = None
        self.age: float | None = None
        self.spread: float | None = None
        self.state = "finding"
        self.another = False

    @property
    def band(self) -> str | None:
        """The label of the band shown, such as "25–34"."""
        return None if self._band is None else self._bands.labels[self._band]

    @property
    def calm(self) -> bool:
        """Whether the age is settled and nothing speaks for another person: estimates may be rare."""
        return self.state == "settled" and self._doubt < CALM

    def unseen(self, seconds: float) -> None:
        """Say that the face was out of view for so long, so that somebody else may be back."""
        self._doubt = max(self._doubt, RETURNED / min(seconds, 1.0))

    def update(self, raw: float, quality: Quality, t: float) -> None:
        """Take in one estimate, `raw` years, from a face of this `quality` at time `t` (seconds, rising)."""
        given = features(quality, raw)
        variance = self._noise.variance(given)
        strange = self._strangeness(raw, variance, quality)
        self._doubt = max(self._doubt + strange, SURE)
        if self._doubt > 0:
            self.reset()
            self.another = True
        if self._last is None:
            self._begin(raw, variance)
            self._since = t
        else:
            self._predict(t - self._t, pose_change(quality, self._last))
            if strange <= 0:
                self._correct(raw, variance)
        self._remember(quality, t, strange)
        self._show()

    def _strangeness(self, raw: float, variance: float, quality: Quality) -> float:
        """Log odds that this frame shows another person, by its look and its age, kept within `CLUE`."""
        if self._look is None or quality.look is None or not self._noise.look_weights.size:
            return -CLUE
        odds = self._noise.strangeness(quality.look, self._look)
        total = self._variance[0] + variance
        surprise = (raw - self._mean) ** 2
        odds += 0.5 * (
            min(surprise / total, 9.0)
            - surprise / (total + OTHERS_AGE**2)
            - math.log(1 + OTHERS_AGE**2 / total)
        )
        return min(max(odds, -CLUE), CLUE)

    def _remember(self, quality: Quality, t: float, strange: float) -> None:
        self._last, self._t = quality, t
        if self._look is None:
            self._look = None if quality.look is None else quality.look.copy()
        elif quality.look is not None and (strange <= 0 or self._doubt < RETURNED):  # who stays may turn
            self._look += LOOK_MEMORY * (quality.look - self._look)

    def _begin(self, raw: float, variance: float) -> None:
        self._mean, self._error = raw, 0.0
        self._variance = (variance, -math.sqrt(self._noise.alike * variance), 1.0)

    def _predict(self, seconds: float, change: float) -> None:
        """The shared error fades with time and with a change of pose; the mean hardly moves."""
        kept = math.exp(-max(seconds, 0.0) / self._noise.memory_s - change / self._noise.memory_pose)
        mean, both, shared = self._variance
        self._error *= kept
        self._variance = (mean + DRIFT**2 * seconds, kept * both, kept * kept * (shared - 1.0) + 1.0)

    def _correct(self, raw: float, variance: float) -> None:
        """One estimate, of which a part of the error is shared with its neighbours; wild ones count less."""
        mean, both, shared = self._variance
        scale = math.sqrt(self._noise.alike * variance)
        with_mean, with_error = mean + scale * both, both + scale * shared
        total = with_mean + scale * with_error + (1 - self._noise.alike) * variance
        surprise = raw - self._mean - scale * self._error
        total *= (HEAVY_TAIL + surprise * surprise / total) / (HEAVY_TAIL + 1)
        gain, error_gain = with_mean / total, with_error / total
        self._mean += gain * surprise
        self._error += error_gain * surprise
        self._variance = (mean - gain * with_mean, both - gain * with_error, shared - error_gain * with_error)

    def _show(self) -> None:
        """Decide what is shown: nothing, the estimate, or what was shown before."""
        settings = self._settings
        wander = Z80 * math.sqrt(self._variance[0])
        self._looks += 1
        if self.state == "finding" and (wander > settings.show_within or self._looks < FEWEST):
            return
        age = by_age(self._noise.truth, self._mean)
        if self.state == "settled" and abs(age - self.age) > settings.hold:
            self.state, self._since = "settling", self._t
        if self.state != "settled":
            self.age = age
            ripe = self._t - self._since >= settings.settle_s
            self.state = "settled" if ripe and wander <= settings.settle_within else "settling"
        self.spread = math.hypot(wander, by_age(self._noise.unknown, self._mean))
        self._band = self._bands.kept(self.age, self._band, settings.band_margin)
