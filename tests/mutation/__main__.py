"""`make mutants [MODULE=device/x.py]`: how many small faults of a module its own tests notice.

python -m tests.mutation [--write FILE] [MODULE …]
"""

from __future__ import annotations

import argparse
import os
import sys
import tomllib
from pathlib import Path

from tests.mutation.judge import CleanRunFailed, Verdict, judge, warm_up

ROOT = Path(__file__).resolve().parents[2]
TABLE = Path(__file__).with_name("modules.toml")
BEGIN, END = "<!-- mutants: begin -->\n", "<!-- mutants: end -->"
HEAD = "| module | mutants | noticed | % | survivors |\n|---|---|---|---|---|\n"


def own_tests(module: str, exceptions: dict[str, list[str]], root: Path = ROOT) -> list[Path]:
    """The files that test a module: those of the table of exceptions, or else by name.

    tests/a/b/test_c.py for a/b/c.py when there is one, or else every test_c.py below tests/a. A package's
    __init__.py goes by its folder's name.
    """
    if module in exceptions:
        return [root / name for name in exceptions[module]]
    path = Path(module)
    if path.name == "__init__.py":
        path = path.parent
    mirror = root / "tests" / path.parent / f"test_{path.stem}.py"
    return [mirror] if mirror.exists() else sorted((root / "tests" / path.parts[0]).rglob(mirror.name))


def row(module: str, verdicts: list[Verdict], reasons: dict[str, str]) -> str:
    """A line of the table, in Markdown, with each survivor and why it is equivalent, where that is known."""
    lost = [verdict.mutant for verdict in verdicts if not verdict.noticed]
    noticed = len(verdicts) - len(lost)
    named = (
        f"{m.line}: `{m.change}`" + (f" ({reasons[m.change]})" if m.change in reasons else "") for m in lost
    )
    share = 100 * noticed / len(verdicts) if verdicts else 100
    survivors = "<br>".join(named).replace("|", "\\|")
    return f"| `{module}` | {len(verdicts)} | {noticed} | {share:.0f} | {survivors} |\n"


def merged(text: str, rows: dict[str, str]) -> str:
    """A page with the rows of its table replaced by `rows` (by module), the other rows as they were."""
    before, _, rest = text.partition(BEGIN)
    table, _, after = rest.partition(END)
    kept = {line.split("`")[1]: line for line in table.splitlines(keepends=True) if line.startswith("| `")}
    lines = [line for _, line in sorted({**kept, **rows}.items())]
    return before + BEGIN + HEAD + "".join(lines) + END + (after or "\n")


def main() -> int:
    """Judge the modules, print the table; 1 when a module's own tests fail, 2 when a module is not there."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__.splitlines()[0])
    parser.add_argument(
        "modules", nargs="*", metavar="MODULE", help="such as device/faces/alignment.py; all of modules.toml"
    )
    parser.add_argument("--at-most", type=int, default=32, help="mutants a module (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="of the sample (%(default)s)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="at a time (%(default)s)")
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the rows into this page's table")
    options = parser.parse_args()
    table = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    os.environ["SAMPLES"] = os.devnull  # the committed tests alone must notice
    os.chdir(ROOT)
    warm_up()
    for module in options.modules or table["modules"]:
        tests = own_tests(module, table["own_tests"])
        if not (ROOT / module).is_file() or not tests:
            print(
                f"{module}: {'no tests of its own' if (ROOT / module).is_file() else 'no such file'}",
                file=sys.stderr,
            )
            return 2
        try:
            verdicts = list(judge(ROOT / module, ROOT, tests, options.at_most, options.seed, options.jobs))
        except CleanRunFailed as error:
            print(error, file=sys.stderr)
            return 1
        report(module, verdicts)
        if options.write:
            page = options.write.read_text(encoding="utf-8") if options.write.exists() else ""
            new = row(module, verdicts, table["equivalent"].get(module, {}))
            options.write.write_text(merged(page, {module: new}), encoding="utf-8")
    return 0


def report(module: str, verdicts: list[Verdict]) -> None:
    """Print a module's line, and its survivors."""
    noticed = sum(verdict.noticed is not None for verdict in verdicts)
    late = sum(verdict.noticed == "time" for verdict in verdicts)
    share = 100 * noticed / len(verdicts) if verdicts else 100
    print(
        f"{module:32} {len(verdicts):4} mutants  {noticed:4} noticed ({late} by time)  {share:4.0f} %",
        flush=True,
    )
    for mutant in (verdict.mutant for verdict in verdicts if not verdict.noticed):
        print(f"    {module}:{mutant.line}: in {mutant.place or 'the module'}: {mutant.change}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
