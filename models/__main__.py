"""`python -m models COMMAND`: train, quantize, evaluate and compare the age network."""

from __future__ import annotations

import importlib
import sys

from models.errors import told

COMMANDS = {
    "train": ("models.commands", "teach the teacher, then train SSR-Net under it (workstation)"),
    "quantize": ("models.commands", "turn the trained weights into the int8 file that ships (workstation)"),
    "evaluate": ("models.evaluate", "the shipped file's errors on labelled faces"),
    "listing": ("models.listing", "the operations of a model file, and which of them XNNPACK takes"),
    "compare": ("models.compare", "size, latency and error beside the alternatives"),
    "alternatives": ("models.alternatives", "whole frames beside the loops users would otherwise run"),
    "tracks": ("models.tracks", "the track benchmark: ages over time against known truth"),
    "noise": ("models.noise", "measure how far single estimates are off, for the smoother"),
}


def main(argv: list[str]) -> int:
    """Run one command; 2 when there is none of that name, or what it was given cannot be used."""
    if not argv or argv[0] not in COMMANDS:
        print("usage: python -m models COMMAND [OPTION…]\n", file=sys.stderr)
        for name, (_, what) in COMMANDS.items():
            print(f"  {name:<13} {what}", file=sys.stderr)
        return 2
    return told("models", argv[0], lambda: run(argv[0], argv[1:]))


def run(name: str, options: list[str]) -> int:
    """The command itself, imported only now: some need the workstation's environment."""
    module = importlib.import_module(COMMANDS[name][0])
    command = getattr(module, name) if module.__name__ == "models.commands" else module.main
    return command(options)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
