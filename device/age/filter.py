"""One steady age from a face's single estimates."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from device.age.bands import Bands
from device.age.error_model import ErrorModel, features, interpolate, pose_change
from device.config.schema import SmootherSettings
from device.faces.quality import Quality
from device.person import UNSURE, Interval, half_width

Z80 = 1.2816  # half of the 80 % interval of a normal distribution, in standard deviations
# Where these come from, and what half and double of each does, is in this room's README
STUDENT_T_DOF = 4.0  # degrees of freedom of Student's t, which a single estimate's error follows
MIN_OWN_VARIANCE = 0.05  # share of an estimate's own variance that its outlier weight leaves at least
AGE_DRIFT = 0.05  # years in the square root of a second: random walk of the network's mean for a person
MIN_ESTIMATES = 3  # before anything is shown
# Log odds that the face is somebody else's by now
LOG_ODDS_FLOOR = -60.0  # of a face that was never out of view
IDENTITY_CERTAIN = -18.0  # below, an identity is beyond doubt
RETURN_LOG_ODDS = -3.0  # of a face that is back after a second or more
MAX_LOG_ODDS = 2.0  # that one frame may tell at most
MAX_SQUARED_DEVIATIONS = 9.0  # of an estimate from the person's age, in variances: a wild one tells no more
AGE_DIFFERENCE_STD = 20.0  # years that two persons' ages differ by
ERROR_MEMORY = 8  # estimates over which the expected error is averaged, so that it follows a mask put on
UNSURE_KEPT = 0.9  # share of the limit below which an unsure band is named again, so that it does not flicker
APPEARANCE_LEARNING_RATE = 0.1  # weight of the newest frame in a person's usual appearance


class AgeFilter:
    """A Kalman filter on the network's mean for a person, and on the error that neighbouring frames share.

    `settings` is the section `smoother`. `age` is what is shown (years, None before it is known), `interval`
    the lowest and highest age that it may be, to 80 %, `band` its label, or "unsure" where that is wide.
    `state` is "finding" while nothing is shown, "settling" while what is shown converges, "settled" once it
    is stable. `identity_changed` says that the face turned out to be somebody else's, with whom all started
    over; who heeds it clears it.
    """

    __slots__ = (
        "_appearance",
        "_band",
        "_bands",
        "_converging_since",
        "_error",
        "_error_model",
        "_last",
        "_log_odds",
        "_mean",
        "_n_estimates",
        "_settings",
        "_shared_error",
        "_t",
        "_unsure",
        "_variance",
        "age",
        "identity_changed",
        "interval",
        "state",
    )

    def __init__(self, settings: SmootherSettings, error_model: ErrorModel, bands: Bands):
        self._settings = settings
        self._error_model = error_model
        self._bands = bands
        self.reset()

    def reset(self) -> None:
        """Forget the person."""
        self._last: Quality | None = None
        self._t = 0.0
        self._appearance: NDArray[np.float32] | None = None  # the person's usual one, (48,)
        self._log_odds = LOG_ODDS_FLOOR  # that it is somebody else
        self._mean = 0.0  # of what the network says of this person, years
        self._shared_error = 0.0  # of neighbouring frames, of unit variance
        self._variance = (0.0, 0.0, 0.0)  # of the mean, of both, of the shared error
        self._error = 0.0  # that the network expects of this person's readings, years
        self._n_estimates = 0
        self._converging_since = 0.0
        self._band: int | None = None
        self._unsure = False  # whether the age may be any of too many to name a band
        self.age: float | None = None
        self.interval: Interval | None = None
        self.state = "finding"
        self.identity_changed = False

    @property
    def band(self) -> str | None:
        """The label of the band shown, such as "25–34"; "unsure" where the age may be any of too many."""
        if self._band is None:
            return None
        return UNSURE if self._unsure else self._bands.labels[self._band]

    @property
    def spread(self) -> float | None:
        """Half of the interval's width, years."""
        return None if self.interval is None else half_width(self.interval)

    @property
    def stable(self) -> bool:
        """Whether the age is settled and the identity certain: estimates may be rare."""
        return self.state == "settled" and self._log_odds < IDENTITY_CERTAIN

    def unseen(self, seconds: float) -> None:
        """Say that the face was out of view for so long, so that somebody else may be back."""
        self._log_odds = max(self._log_odds, RETURN_LOG_ODDS / min(seconds, 1.0))

    def update(self, raw: float, quality: Quality, t: float, error: float = 1.0) -> None:
        """Take in one estimate, `raw` years, from a face of this `quality` at time `t` (seconds, rising).

        `error`: what the network expects the estimate to be off by, years.
        """
        variance = self._error_model.variance(features(quality, raw))
        log_odds = self._identity_log_odds(raw, variance, quality)
        self._log_odds = max(self._log_odds + log_odds, LOG_ODDS_FLOOR)
        if self._log_odds > 0:
            self.reset()
            self.identity_changed = True
        if self._last is None:
            self._init(raw, variance)
            self._converging_since = t
        else:
            self._predict(t - self._t, pose_change(quality, self._last))
            if log_odds <= 0:
                self._correct(raw, variance)
        self._remember(quality, t, log_odds)
        self._n_estimates += 1
        self._error += (error - self._error) / min(self._n_estimates, ERROR_MEMORY)
        self._show()

    def _identity_log_odds(self, raw: float, variance: float, quality: Quality) -> float:
        """Log odds that this frame shows another person, by appearance and age, within ±`MAX_LOG_ODDS`."""
        model = self._error_model
        if self._appearance is None or quality.appearance is None or not model.appearance_weights.size:
            return -MAX_LOG_ODDS
        log_odds = model.appearance_log_odds(quality.appearance, self._appearance)
        total = self._variance[0] + variance
        squared = (raw - self._mean) ** 2
        log_odds += 0.5 * (
            min(squared / total, MAX_SQUARED_DEVIATIONS)
            - squared / (total + AGE_DIFFERENCE_STD**2)
            - math.log(1 + AGE_DIFFERENCE_STD**2 / total)
        )
        return min(max(log_odds, -MAX_LOG_ODDS), MAX_LOG_ODDS)

    def _remember(self, quality: Quality, t: float, log_odds: float) -> None:
        """Keep the frame's quality and time, and let the usual appearance follow: who stays may turn."""
        self._last, self._t = quality, t
        if self._appearance is None:
            self._appearance = None if quality.appearance is None else quality.appearance.copy()
        elif quality.appearance is not None and (log_odds <= 0 or self._log_odds < RETURN_LOG_ODDS):
            self._appearance += APPEARANCE_LEARNING_RATE * (quality.appearance - self._appearance)

    def _init(self, raw: float, variance: float) -> None:
        self._mean, self._shared_error = raw, 0.0
        self._variance = (variance, -math.sqrt(self._error_model.correlation * variance), 1.0)

    def _predict(self, seconds: float, change: float) -> None:
        """The shared error decays with time and with a change of pose; the mean hardly moves."""
        model = self._error_model
        kept = math.exp(-max(seconds, 0.0) / model.correlation_s - change / model.correlation_pose)
        mean, both, shared = self._variance
        self._shared_error *= kept
        self._variance = (mean + AGE_DRIFT**2 * seconds, kept * both, kept * kept * (shared - 1.0) + 1.0)

    def _correct(self, raw: float, variance: float) -> None:
        """The Kalman update of mean and shared error by one estimate; outliers count less (Student's t)."""
        mean, both, shared = self._variance
        correlation = self._error_model.correlation
        scale = math.sqrt(correlation * variance)
        with_mean, with_error = mean + scale * both, both + scale * shared
        prior, own = with_mean + scale * with_error, (1 - correlation) * variance
        total = prior + own
        innovation = raw - self._mean - scale * self._shared_error
        total *= (STUDENT_T_DOF + innovation * innovation / total) / (STUDENT_T_DOF + 1)
        total = max(total, prior + MIN_OWN_VARIANCE * own)  # below the prior's part, variances turn negative
        gain, error_gain = with_mean / total, with_error / total
        self._mean += gain * innovation
        self._shared_error += error_gain * innovation
        self._variance = (mean - gain * with_mean, both - gain * with_error, shared - error_gain * with_error)

    def _show(self) -> None:
        """Decide what is shown: nothing, the estimate, or what was shown before."""
        settings = self._settings
        unknown = Z80 * math.sqrt(self._variance[0])  # half of the 80 % interval of the mean itself
        if self.state == "finding" and (unknown > settings.show_within or self._n_estimates < MIN_ESTIMATES):
            return
        estimate = interpolate(self._error_model.bias_table, self._mean)
        shown = self.age if self.state == "settled" else None
        if shown is not None and abs(estimate - shown) > settings.hold:
            shown, self._converging_since = None, self._t
        if shown is None:
            self.age = shown = estimate
            converged = self._t - self._converging_since >= settings.settle_s
            self.state = "settled" if converged and unknown <= settings.settle_within else "settling"
        self.interval = self._interval(estimate, shown, unknown)
        limit = settings.unsure_beyond * (UNSURE_KEPT if self._unsure else 1.0)
        self._unsure = half_width(self.interval) > limit
        self._band = self._bands.kept(shown, self._band, settings.band_margin)

    def _interval(self, estimate: float, shown: float, unknown: float) -> Interval:
        """The ages that it may be: the belt's, wider by what is `unknown` of the mean itself."""
        low, high = self._error_model.belt.interval(self._mean, self._error)
        below, above = max(estimate - low, 0.0), max(high - estimate, 0.0)
        lowest, highest = estimate - math.hypot(below, unknown), estimate + math.hypot(above, unknown)
        return max(min(lowest, shown), 0.0), max(highest, shown)
