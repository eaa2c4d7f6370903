"""`python -m models methods run|table`: train and measure the rows of the comparison, and show them."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from models.methods import recipe as recipes
from models.methods.figures import FIGURES

QUICK = {"limit": 2000, "epochs": 2, "versions": 2}  # of --quick: faces, epochs, versions of each face
QUICK_ROWS = ("ssrnet", "mobilenet", "c3ae", "orcnn", "tiny-8", "dex-both")  # one of each family


def run(options: argparse.Namespace) -> int:
    """Train, quantize and measure what is missing, going on where it was interrupted; 1 if a row fails."""
    changes = {"epochs": options.epochs} if options.epochs else {}
    if options.quick:
        changes = {"epochs": QUICK["epochs"], "versions": QUICK["versions"], **changes}
    wanted = options.names or (QUICK_ROWS if options.quick else recipes.names())
    found = recipes.with_needed(wanted, changes)

    from models.methods.faces import Sources, fingerprint, prepare
    from models.methods.schedule import Schedule, planned

    kind = ["methods", *["quick"] * options.quick, *[f"{options.epochs}-epochs"] * bool(options.epochs)]
    out = options.out or Path("runs") / "-".join(kind)
    where = options.figures or (out / "figures" if options.quick or options.epochs else FIGURES)
    limit = QUICK["limit"] if options.quick else 0
    sources = Sources(options.data, options.photographs, found[0].label, limit)
    protocol = recipes.protocol_hash(found[0], fingerprint(sources))
    cache = prepare(sources, found[0].protocol, out)
    failed = Schedule(planned(found, options.seeds, out), cache, protocol, where, options.jobs).run()
    for job in failed:
        print(f"models methods: {job.title}: not finished; the same command tries again", file=sys.stderr)
    return 1 if failed else 0


def table(options: argparse.Namespace) -> int:
    """Print the table, and with --write put it with its plot into models/methods/README.md."""
    from models.methods.table import Table, plot, write

    found = Table.read([recipes.read(name) for name in recipes.names()], options.figures or FIGURES)
    text = found.markdown()
    print(text)
    if options.write:
        write(text, options.readme)
        plot(found, options.readme.with_name("errors.png"))
    return 0


def whole(text: str) -> int:
    """A whole number from 1, for argparse."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1, not {text!r}")
    return int(text)


def main(argv: list[str]) -> int:
    """`python -m models methods`; 0, or 1 where a row failed. Raises DataError or ModelError."""
    parser = argparse.ArgumentParser(prog="python -m models methods", description=__doc__)
    commands = parser.add_subparsers(required=True)
    running = commands.add_parser("run", help=run.__doc__)
    running.add_argument("names", nargs="*", metavar="NAME", help="rows (default: all)")
    running.add_argument(
        "--data", required=True, help="zip or folder of aligned chips, with train/ and test/"
    )
    running.add_argument("--photographs", help="zip or folder of whole photographs, to test on as well")
    running.add_argument("--epochs", type=whole, help="other than base.toml's; not for the table")
    running.add_argument("--seeds", type=whole, default=1, help="how many of each row (default: 1)")
    running.add_argument("--jobs", type=whole, default=1, help="rows at a time (default: 1)")
    running.add_argument("--quick", action="store_true", help="two epochs of 2,000 faces, a row of a family")
    running.add_argument("--out", type=Path, help="folder of the runs (default: runs/methods)")
    running.add_argument("--figures", type=Path, help="folder of the figures (default: the table's)")
    running.set_defaults(run=run)
    showing = commands.add_parser("table", help=table.__doc__)
    showing.add_argument("--figures", type=Path, help="folder of the figures")
    showing.add_argument("--write", action="store_true", help="into the README beside the recipes")
    showing.add_argument("--readme", type=Path, default=recipes.HERE / "README.md")
    showing.set_defaults(run=table)
    options = parser.parse_args(argv)
    return int(options.run(options))
