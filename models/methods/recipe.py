"""Recipes: what a row of the comparison is, read from its TOML file and checked.

`base.toml` holds what all rows share, `rows/NAME.toml` what is a row's own.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from models.data.datasets import DataError

HERE = Path(__file__).resolve().parent
BASE, ROWS = HERE / "base.toml", HERE / "rows"
STUDIES = ("stages", "distribution", "covered", "ordinal")
RANDOM = "random"  # of a hint: from a network that learnt nothing

Check = tuple[Callable[[Any], bool], str]  # whether a value will do, and what would


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _choice(*allowed: object) -> Check:
    return (
        lambda v: v in allowed and isinstance(v, type(allowed[0])),
        f"one of {', '.join(map(str, allowed))}",
    )


COUNT: Check = (lambda v: _whole(v) and v >= 1, "a whole number from 1")
POSITIVE: Check = (lambda v: _number(v) and v > 0, "a number above 0")
NOT_NEGATIVE: Check = (lambda v: _number(v) and v >= 0, "a number from 0")
SHARE: Check = (lambda v: _number(v) and 0 <= v <= 1, "a number from 0 to 1")
YES_NO: Check = (lambda v: isinstance(v, bool), "true or false")
TEXT: Check = (lambda v: isinstance(v, str) and bool(v), "a string")
NAMES: Check = (lambda v: isinstance(v, list) and all(isinstance(n, str) for n in v), "a list of rows")
RANGE: Check = (
    lambda v: isinstance(v, list) and len(v) == 3 and all(map(_number, v)) and v[0] < v[1] and v[2] > 0,
    "the lowest value, the highest and the step",
)
STAGES: Check = (
    lambda v: isinstance(v, list) and 1 <= len(v) <= 3 and all(_whole(n) and n > 0 for n in v),
    "one to three whole numbers of bins",
)
STREAMS: Check = (
    lambda v: isinstance(v, list) and 0 < len(v) <= 2 and set(v) <= {"relu", "tanh"},
    'a list of "relu", "tanh" or both',
)

PROTOCOL: dict[str, Check] = {
    "versions": COUNT, "disturb": SHARE, "epochs": COUNT, "batch": COUNT, "rate": POSITIVE,
    "decay": NOT_NEGATIVE, "warmup": NOT_NEGATIVE, "average": SHARE, "bfloat16": YES_NO,
    "seed": (lambda v: _whole(v) and v >= 0, "a whole number from 0"),
}  # fmt: skip
NETWORKS: dict[str, dict[str, Check]] = {
    "ssrnet": {"stages": STAGES, "dynamic_range": YES_NO, "normalised": YES_NO, "streams": STREAMS},
    "dex": {},
    "order": {},
    "twin": {},
    "tiny_age_net": {"compression": _choice(2, 4, 8, 16), "pool": _choice("hybrid", "maximum", "average")},
    "mobilenet": {"alpha": POSITIVE},
    "densenet": {"depth": _choice(13, 19)},
    "orcnn": {},
    "mrcnn": {},
    "c3ae": {},
}
LOSS: dict[str, Check] = {
    **dict.fromkeys(("l1", "kl", "classes", "ordinal", "two_points", "order"), POSITIVE),
    **dict.fromkeys(("dark", "hint", "triplet", "temperature", "sigma"), POSITIVE),
    "teacher_share": SHARE,
}
ROW: dict[str, Check] = {
    "about": TEXT, "studies": NAMES, "scored": YES_NO, "begins": NAMES, "cover": SHARE, "teacher": TEXT,
    "hinted": TEXT,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Protocol:
    """What all rows share besides the data; `base.toml` says what each value means."""

    versions: int
    disturb: float
    epochs: int
    batch: int
    rate: float
    decay: float
    warmup: float
    average: float
    bfloat16: bool
    seed: int


@dataclass(frozen=True, slots=True)
class Recipe:
    """One row. `network` and `loss` are tables as in the file, the rest without a word as in `ROW`."""

    name: str
    about: str
    studies: list[str]
    network: dict[str, Any]
    loss: dict[str, Any]
    protocol: Protocol
    label: str
    range: list[float]  # lowest and highest value of the label, and the step
    scored: bool = True  # False: a teacher, which is trained only
    begins: list[str] = field(default_factory=list)  # rows whose weights it begins with
    cover: float = 0.0
    teacher: str | None = None  # the row whose outputs it learns from
    hinted: str | None = None  # the row whose features it learns from, or RANDOM

    @property
    def needs(self) -> list[str]:
        """The rows that must be trained before."""
        return [n for n in (*self.begins, self.teacher, self.hinted) if n and n != RANDOM]

    def as_dict(self) -> dict:
        """All of it, for JSON; `from_dict` is the inverse."""
        return asdict(self)

    @classmethod
    def from_dict(cls, content: dict) -> Recipe:
        """The recipe that `as_dict` wrote down."""
        return cls(**{**content, "protocol": Protocol(**content["protocol"])})


def names() -> list[str]:
    """All rows, in the order of their names."""
    return sorted(path.stem for path in ROWS.glob("*.toml"))


def read(name: str, changes: dict | None = None, folder: Path = ROWS, base: Path = BASE) -> Recipe:
    """The recipe of a row; `changes` are values of the protocol that the command line sets.

    Raises DataError with one sentence for a row that is not there, and for keys and values that are wrong.
    """
    path = folder / f"{name}.toml"
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in folder.glob("*.toml")))
        raise DataError(f"no row is called {name!r}; allowed: {known}")
    shared = _load(base)
    _check(shared, {"label": TEXT, "range": RANGE}, {"protocol"}, base.name)
    _check(shared["protocol"], PROTOCOL, set(), f"{base.name}: [protocol]", needed=set(PROTOCOL))
    own = _load(path)
    _check(own, ROW, {"network", "loss"}, path.name, needed={"about", "studies"})
    network, loss = dict(own["network"]), dict(own["loss"])
    if network.get("name") not in NETWORKS:
        raise DataError(f"{path.name}: [network] name must be one of {', '.join(NETWORKS)}")
    kind = NETWORKS[network["name"]]
    _check(network, {"name": TEXT, **kind}, set(), f"{path.name}: [network]")
    _check(loss, LOSS, set(), f"{path.name}: [loss]")
    for study in own["studies"]:
        if study not in STUDIES:
            raise DataError(f"{path.name}: studies must be of {', '.join(STUDIES)}, not {study!r}")
    protocol = Protocol(**{**shared["protocol"], **(changes or {})})
    recipe = Recipe(
        name=name, protocol=protocol, label=shared["label"], range=shared["range"],
        **{**own, "network": network, "loss": loss},
    )  # fmt: skip
    _check_sense(recipe, path.name)
    return recipe


def with_needed(wanted: Iterable[str], changes: dict | None = None, **places: Path) -> list[Recipe]:
    """The recipes of these rows and of all that they need, each behind what it needs. Raises DataError."""
    found: dict[str, Recipe] = {}

    def add(name: str, above: tuple[str, ...]) -> None:
        if name in above:
            raise DataError(f"{name}.toml: it needs itself, by way of {' and '.join(above)}")
        if name in found:
            return
        recipe = read(name, changes, **places)
        for needed in recipe.needs:
            add(needed, (*above, name))
        found[name] = recipe

    for name in wanted:
        add(name, ())
    return list(found.values())


def protocol_hash(recipe: Recipe, data: str) -> str:
    """Twelve digits that two rows share if they can be compared; `data`: the faces' fingerprint."""
    shared = {"protocol": asdict(recipe.protocol), "label": recipe.label, "range": recipe.range, "data": data}
    return hashlib.sha256(json.dumps(shared, sort_keys=True).encode()).hexdigest()[:12]


def _load(path: Path) -> dict:
    try:
        return tomllib.loads(path.read_text())
    except tomllib.TOMLDecodeError as error:
        raise DataError(f"{path.name}: not TOML: {error}") from error


def _check(
    table: dict, keys: dict[str, Check], tables: set[str], where: str, needed: set[str] | None = None
) -> None:
    """Raises DataError for an unknown key, a value that will not do, and what is missing."""
    for key, value in table.items():
        if key in tables:
            if not isinstance(value, dict):
                raise DataError(f"{where}: [{key}] must be a table, not {value!r}")
        elif key not in keys:
            raise DataError(f"{where}: unknown key {key!r}; allowed: {', '.join(sorted({*keys, *tables}))}")
        elif not keys[key][0](value):
            raise DataError(f"{where}: {key} must be {keys[key][1]}, not {value!r}")
    for key in sorted(tables | (needed or set())):
        if key not in table:
            raise DataError(f"{where}: {key!r} is missing")


def _check_sense(recipe: Recipe, where: str) -> None:
    """Raises DataError where two lines contradict each other."""
    low, high, step = recipe.range
    if abs((high - low) / step - round((high - low) / step)) > 1e-6:
        raise DataError(f"{BASE.name}: range {low} to {high} is no whole number of steps of {step}")
    taught = {"teacher_share", "dark", "triplet"} & recipe.loss.keys()
    if bool(taught) != (recipe.teacher is not None):
        raise DataError(f"{where}: teacher goes with one of teacher_share, dark and triplet in [loss]")
    if ("hint" in recipe.loss) != (recipe.hinted is not None):
        raise DataError(f"{where}: hinted goes with hint in [loss]")
    if {"teacher_share", "dark"} & recipe.loss.keys() and "temperature" not in recipe.loss:
        raise DataError(f"{where}: [loss] temperature is missing")
    if recipe.loss.keys() <= {"temperature", "sigma", "teacher_share"}:
        raise DataError(f"{where}: [loss] holds nothing to learn")


assert {f.name for f in fields(Protocol)} == PROTOCOL.keys()
