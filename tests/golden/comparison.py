"""Stored values and new ones, leaf by leaf: what moved, and by how much."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

Tree = dict | list | float | str | None
ROUNDING = 1e-9


class Move(NamedTuple):
    """A value that is not what is stored; None where there is none on one side."""

    path: str
    old: float | str | None
    new: float | str | None

    @property
    def size(self) -> float:
        """How far a number moved; infinite where one side is no number."""
        numbers = _is_number(self.old) and _is_number(self.new)
        return abs(self.new - self.old) if numbers else float("inf")

    def __str__(self) -> str:
        by = f" ({self.new - self.old:+.4g})" if self.size < float("inf") else ""
        return f"{self.path}: {self.old} → {self.new}{by}"


def leaves(tree: Tree, path: tuple = ()) -> Iterator[tuple[tuple, float | str | None]]:
    """Every value in a tree of dicts and lists, with the keys and indices that lead to it."""
    if isinstance(tree, dict | list):
        yield path, type(tree).__name__  # an empty one counts, too
        for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree):
            yield from leaves(value, (*path, key))
    else:
        yield path, tree


def moves(stored: Tree, new: Tree, tolerance: dict[str, float]) -> list[Move]:
    """What differs by more than its tolerance, farthest first.

    A number's tolerance is the one of the field it stands in, the last word on its path; 0 for other fields.
    """
    old, now = dict(leaves(stored)), dict(leaves(new))
    found = [
        Move(" ".join(map(str, path)), old.get(path), now.get(path))
        for path in old | now
        if not _near(old.get(path), now.get(path), _allowed(path, tolerance))
    ]
    return sorted(found, key=lambda move: -move.size)


def _allowed(path: tuple, tolerance: dict[str, float]) -> float:
    words = [step for step in path if isinstance(step, str)]
    return tolerance.get(words[-1], 0.0) if words else 0.0


def _near(old: object, new: object, allowed: float) -> bool:
    if _is_number(old) and _is_number(new):
        return abs(old - new) <= allowed + ROUNDING
    return type(old) is type(new) and old == new


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def read(file: Path) -> dict[str, Tree]:
    """The entries of a file of golden values by name; none where there is no file."""
    return json.loads(file.read_text()) if file.exists() else {}


def write(file: Path, entries: dict[str, Tree]) -> None:
    """Write all entries, a line for each element of an entry, so that a commit shows which moved."""
    blocks = [f"{json.dumps(name)}: {_block(entries[name])}" for name in sorted(entries)]
    file.write_text("{\n" + ",\n".join(blocks) + "\n}\n")


def _block(entry: Tree) -> str:
    if isinstance(entry, dict) and entry:
        return "{\n " + ",\n ".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in entry.items()) + "\n}"
    if isinstance(entry, list) and entry:
        return "[\n " + ",\n ".join(map(json.dumps, entry)) + "\n]"
    return json.dumps(entry)
