"""`python -m calibration`: the representative faces of the int8 network: made, proven, taken anew."""

from __future__ import annotations

import argparse
import sys

from device.errors import DeviceError


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    chosen = parser().parse_args(arguments or sys.argv[1:] or ["build"])
    try:
        return chosen.run(chosen)
    except DeviceError as error:
        print(f"calibration: {error}", file=sys.stderr)
        return error.exit_status


def parser() -> argparse.ArgumentParser:
    """The command line. Each command imports what it needs when it runs."""
    top = argparse.ArgumentParser(prog="python -m calibration", description=__doc__)
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    build = commands.add_parser("build", help="make the shipped faces anew; the same bytes on every machine")
    build.add_argument("--check", action="store_true",
                       help="write nothing; exit 1 if the committed faces are not what the generator makes")
    build.set_defaults(run=_build)

    fit = commands.add_parser("fit", help="fit the face model to photographs (of UTKFace only train/)")
    fit.add_argument("sources", nargs="+", metavar="FACES", help="zip or folder, the larger pictures first")
    fit.set_defaults(run=_fit)

    people = commands.add_parser("people", help="draw the people of the device's demo scene anew")
    people.set_defaults(run=_people)
    return top


def _build(chosen: argparse.Namespace) -> int:
    from calibration import build

    if chosen.check:
        wrong = build.differing()
        print("\n".join(f"{name}: differs" for name in wrong) or "The set is what the generator makes.")
        return 1 if wrong else 0
    manifest = build.build()
    print(f"{len(manifest['faces'])} faces in {build.FACES}, listed in {build.MANIFEST.name}, "
          f"shown in {build.SHEET.name}")
    return 0


def _fit(chosen: argparse.Namespace) -> int:
    from calibration import fit, landmarks

    pictures, samples = landmarks.read_faces(chosen.sources)
    measured = landmarks.measure(pictures)
    fit.save(fit.fit(measured, [samples[i] for i in measured.kept]))
    print(f"{fit.WEIGHTS}: fitted to {len(measured.kept)} of {len(pictures)} faces; "
          "now build the set anew: python -m calibration build")
    return 0


def _people(chosen: argparse.Namespace) -> int:
    from calibration import people
    from device.sources.demo_stage import PEOPLE

    print(f"{PEOPLE}: {people.build()} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
