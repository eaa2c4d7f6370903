"""`python -m calibration COMMAND`: the representative faces of the int8 network."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from importlib import import_module

from models.errors import told

COMMANDS = {
    "build": (
        "calibration.synthetic.build",
        "make the shipped faces anew, the same bytes on every machine; --check compares only",
    ),
    "report": (
        "calibration.proofs.report",
        "test the shipped faces against photographs and noise (workstation)",
    ),
    "sensitivity": (
        "calibration.proofs.sensitivity",
        "how light, focus and colour change the estimated age, and where the doctor warns",
    ),
    "capture": ("calibration.site.capture", "take crops of the people at a site, with their consent"),
    "apply": (
        "calibration.site.apply",
        "a new int8 network from these crops, checked before it replaces the old one (workstation)",
    ),
    "detector": (
        "calibration.proofs.detector_int8",
        "what the face detector would gain and lose as int8 (workstation)",
    ),
    "fit": ("calibration.synthetic.fit", "fit the face model to photographs"),
    "people": ("calibration.demo_people.build", "draw the people of the demo scene anew"),
}


def usage() -> str:
    """All commands with a line each."""
    lines = [f"  {name:<12} {text}" for name, (_, text) in COMMANDS.items()]
    return "\n".join(["usage: python -m calibration COMMAND [OPTIONS]", "", *lines])


def main(argv: list[str]) -> int:
    """Run the command that `argv` names, and return the exit status; without a name, list them."""
    name, options = (argv[0], argv[1:]) if argv else ("--help", [])
    if name in ("-h", "--help"):
        print(usage())
        return 0
    if name not in COMMANDS:
        print(f"calibration: unknown command {name!r}; allowed: {', '.join(COMMANDS)}", file=sys.stderr)
        return 2
    program = f"python -m calibration {name}"
    module, text = COMMANDS[name]
    parser = ArgumentParser(program, f"{program} [OPTIONS]", text, allow_abbrev=False)
    try:
        command = import_module(module)
        command.add_options(parser)
        args = parser.parse_args(options)
        return told("calibration", name, lambda: command.main(args))
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
