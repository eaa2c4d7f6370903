"""Keeps sprites that were drawn, the last ones used, up to a number of bytes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, Protocol, TypeVar


class Sized(Protocol):
    """What can be kept: it says how much memory it holds."""

    @property
    def nbytes(self) -> int:
        """Bytes of its pixels."""


S = TypeVar("S", bound=Sized)


class SpriteCache(Generic[S]):
    """Calls `make(*key)` for what is not kept. Of one kind of sprite, so that none drives out another kind's.

    What is larger than `limit` bytes is made, and not kept.
    """

    def __init__(self, limit: int, make: Callable[..., S]) -> None:
        self._limit, self._make = limit, make
        self._kept: OrderedDict[Hashable, S] = OrderedDict()
        self.nbytes = 0

    def __call__(self, *key: Hashable) -> S:
        """The sprite of this key, made anew where it is not kept."""
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
            return found
        made = self._make(*key)
        self._kept[key] = made
        self.nbytes += made.nbytes
        while self.nbytes > self._limit:
            self.nbytes -= self._kept.popitem(last=False)[1].nbytes
        return made
