"""The comparison as a table: rows beside one another, the intervals of their differences, and a plot."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from device.files import replacing
from models.data.datasets import DataError
from models.methods import figures, instructions
from models.methods.recipe import STUDIES, Recipe

BEGIN, END = "<!-- table: begin -->", "<!-- table: end -->"
RESAMPLES = 2000  # of the bootstrap
COMMAND = "`python -m models methods run {} --data utkface64.zip --photographs fgnet.zip`"
# each study's title, the row that the others are compared with, and their order
TITLES = {
    "stages": ("SSR-Net's own comparison", "ssrnet"),
    "distribution": ("Distribution and expectation, learnt together (DLDL-v2)", "tiny-8"),
    "covered": ("Covered faces", "joint"),
    "ordinal": ("Ordinal relation and dark knowledge", "dex"),
}
HEADINGS = (
    "row", "weights", "million multiply-adds", "instructions, A72", "A76", "int8, KB", "ms", "by XNNPACK",
    "seeds × epochs", "UTKFace float", "int8", "less {}", "with a mask", "eyes covered",
    "FG-NET float", "int8",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """A recipe with the figures it has, or None, and its millions of instructions by processor."""

    recipe: Recipe
    figures: dict[str, Any] | None
    instructions: dict[str, float]

    @property
    def seeds(self) -> list[dict[str, Any]]:
        """What each seed gave."""
        return list(self.figures["seeds"].values()) if self.figures else []

    def mean(self, *path: str) -> float | None:
        """The mean over the seeds of the figure at `path`; None where there is none."""
        values = []
        for seed in self.seeds:
            value: Any = seed
            for key in path:
                value = value.get(key) if isinstance(value, dict) else None
            if value is not None:
                values.append(value)
        return float(np.mean(values)) if values else None

    def errors(self, test: str) -> np.ndarray | None:
        """Each face's absolute error, the mean over the seeds, (n,); None where the test was not made."""
        if self.figures is None or test not in self.figures["labels"]:
            return None
        labels = figures.unpacked(self.figures["labels"][test])
        found = [figures.unpacked(seed["int8"][test]["estimates"]) for seed in self.seeds]
        return np.abs(np.stack(found) - labels).mean(0)


@dataclass(frozen=True, slots=True)
class Table:
    """All rows, those without figures too."""

    rows: dict[str, Row] = field(default_factory=dict)

    @classmethod
    def read(cls, recipes: list[Recipe], folder: Path, counts: Path = instructions.FILE) -> Table:
        """The rows that are scored, with their figures, and what each costs, from the file `counts`.

        Raises DataError where two cannot be compared.
        """
        costs = instructions.of_rows(recipes, instructions.counted(counts))
        rows = {r.name: Row(r, figures.read(r.name, folder), costs[r.name]) for r in recipes if r.scored}
        check_alike(list(rows.values()))
        return cls(rows)

    def markdown(self) -> str:
        """A table for each study, the best of their sizes, and what is still to train."""
        parts = [self.study(study) for study in STUDIES]
        lacking = [name for name, row in self.rows.items() if not row.seeds]
        done = len(self.rows) - len(lacking)
        parts.append(f"Rows trained: {done} of {len(self.rows)}.{self.best()}")
        if lacking:
            parts.append(f"Not trained yet: {COMMAND.format(' '.join(lacking))}")
        return "\n\n".join(parts) + "\n"

    def study(self, study: str) -> str:
        """One study's rows, the one that the others are compared with first."""
        title, first = TITLES[study]
        names = [first, *(n for n, row in self.rows.items() if study in row.recipe.studies and n != first)]
        out = io.StringIO()
        out.write(f"### {title}\n\n")
        out.write("| " + " | ".join(HEADINGS).format(f"`{first}`") + " |\n" + "|---" * len(HEADINGS) + "|\n")
        for name in names:
            out.write("| " + " | ".join(self.cells(self.rows[name], self.rows[first])) + " |\n")
        return out.getvalue().rstrip()

    def cells(self, row: Row, first: Row) -> list[str]:
        """One row's cells; what was not measured is a dash."""
        name = f"`{row.recipe.name}`: {row.recipe.about}"
        if not row.seeds:
            return [name, "not trained yet", *["–"] * (len(HEADINGS) - 2)]
        one = row.seeds[0]
        before = sum(1 for _ in row.recipe.begins[:1])
        epochs = f"{len(row.seeds)} × {row.figures['epochs']}" if row.figures else ""
        return [
            name,
            f"{one['parameters']:,}",
            f"{one['multiply_adds'] / 1e6:.1f}",
            *(_said(row.instructions.get(processor), 1) for processor in instructions.PROCESSORS),
            f"{one['bytes'] / 1000:.0f}",
            _said(row.mean("ms"), 2),
            f"{one['delegated']} of {one['operations']} in {one['partitions']}",
            epochs + (f", after `{'` and `'.join(row.recipe.begins)}`" if before else ""),
            _said(row.mean("float", "test"), 2),
            _said(row.mean("int8", "test", "mae"), 2),
            difference(row, first, "test"),
            _said(row.mean("int8", "test", "masked"), 2),
            _said(row.mean("int8", "test", "eyes_covered"), 2),
            _said(row.mean("float", "photographs"), 2),
            _said(row.mean("int8", "photographs", "mae"), 2),
        ]

    def best(self) -> str:
        """The row of the least error under 100 KB and under 1 MB, of those that are trained."""
        said = ""
        for limit, name in ((100_000, "100 KB"), (1_000_000, "1 MB")):
            small = [row for row in self.rows.values() if row.seeds and row.seeds[0]["bytes"] < limit]
            if small:
                found = min(small, key=lambda row: row.mean("int8", "test", "mae") or np.inf)
                error = _said(found.mean("int8", "test", "mae"), 2)
                said += f" The best under {name} so far: `{found.recipe.name}`, {error} years."
        return said


def check_alike(rows: list[Row]) -> None:
    """Raises DataError where two rows' figures were made by different protocols, or by another recipe."""
    first: Row | None = None
    for row in (row for row in rows if row.figures):
        assert row.figures is not None
        again = f"run {COMMAND.format(row.recipe.name)} again"
        if row.figures["recipe"] != figures.settings_of(row.recipe):
            raise DataError(f"{row.recipe.name}: its figures are another recipe's; {again}")
        first = first or row
        assert first.figures is not None
        if row.figures["protocol"] != first.figures["protocol"]:
            raise DataError(
                f"{row.recipe.name} and {first.recipe.name} were made by different protocols "
                f"({row.figures['protocol']}, {first.figures['protocol']}) and cannot be compared; {again}"
            )


def difference(row: Row, first: Row, test: str) -> str:
    """How much larger the row's error is than the first one's, with its 95 % interval, in years."""
    ours, theirs = row.errors(test), first.errors(test)
    if row is first or ours is None or theirs is None:
        return "–"
    low, high = interval(ours - theirs)
    return f"{(ours - theirs).mean():+.2f} ({low:+.2f} to {high:+.2f})"


def interval(differences: np.ndarray, seed: int = 0) -> tuple[float, float]:
    """The 95 % interval of the mean of paired differences (n,), by the bootstrap over the test's faces."""
    rng = np.random.default_rng(seed)
    means = [
        differences[rng.integers(0, len(differences), len(differences))].mean() for _ in range(RESAMPLES)
    ]
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)


def _said(value: float | None, places: int) -> str:
    return "–" if value is None else f"{value:.{places}f}"


def write(text: str, readme: Path) -> None:
    """Put the table between its marks in the README. Raises DataError where they are missing."""
    before, begin, rest = readme.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise DataError(f"{readme}: the lines {BEGIN} and {END} are missing")
    with replacing(readme) as part:
        part.write_text(f"{before}{BEGIN}\n{text}{END}{after}")


def plot(table: Table, path: Path) -> None:
    """Error against size, and against instructions, of the rows that are trained, as PNG."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 3, figsize=(16, 4.5), sharey=True)
    axes[0].set(xscale="log", xlabel="int8 file, KB", ylabel="MAE on UTKFace test, years")
    for axis, processor in zip(axes[1:], instructions.PROCESSORS, strict=True):
        axis.set(xscale="log", xlabel=f"million instructions an estimate, {processor}")
    for row in (row for row in table.rows.values() if row.seeds):
        error = row.mean("int8", "test", "mae")
        costs = [row.seeds[0]["bytes"] / 1e3, *map(row.instructions.get, instructions.PROCESSORS)]
        for axis, cost in zip(axes, costs, strict=True):
            if cost is not None:
                axis.scatter(cost, error, s=24)
                place = {"xytext": (4, 3), "textcoords": "offset points"}
                axis.annotate(row.recipe.name, (cost, error), fontsize=7, **place)
    for axis in axes:
        axis.margins(x=0.2, y=0.1)
    figure.tight_layout()
    figure.savefig(path, dpi=90)
    plt.close(figure)
