"""Deterministic random integers: the same on every machine and under every version of NumPy.

Only the raw output of PCG64 is used, which NumPy promises never to change; its distributions may change.
"""

from __future__ import annotations

import numpy as np

ONE = 1 << 8  # fixed point: 1.0


class RandomInts:
    """An endless stream of random integers, determined by the integers in `seed`."""

    def __init__(self, *seed: int) -> None:
        self._bits = np.random.PCG64(np.random.SeedSequence(seed))

    def uniform(self, count: int) -> np.ndarray:
        """`count` integers from 0 to 65535, int64."""
        raw = self._bits.random_raw((count + 3) // 4).astype("<u8")
        return raw.view("<u2")[:count].astype(np.int64)

    def normal(self, count: int) -> np.ndarray:
        """`count` integers of mean 0 and standard deviation `ONE`, int64: sums of twelve uniform ones."""
        return (self.uniform(12 * count).reshape(12, count).sum(axis=0) - 6 * 65536) >> 8

    def between(self, low: int, high: int) -> int:
        """One integer from `low` to `high`, both included."""
        return low + (int(self.uniform(1)[0]) * (high - low + 1) >> 16)

    def choice(self, options):
        """One element of a sequence."""
        return options[self.between(0, len(options) - 1)]

    def shuffled(self, options) -> list:
        """All elements of a sequence in random order."""

        return [options[i] for i in np.argsort(self.uniform(len(options)), kind="stable")]
