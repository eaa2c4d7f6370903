"""`python -m models COMMAND`: train, quantize, evaluate and compare the age network."""

from __future__ import annotations

import importlib
import sys

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
    """Run one command; 2 when there is none of that name."""
    if not argv or argv[0] not in COMMANDS:
        print("usage: python -m models COMMAND [OPTION…]\n", file=sys.stderr)
        for name, (_, what) in COMMANDS.items():
            print(f"  {name:<13} {what}", file=sys.stderr)
        return 2
    module, _ = COMMANDS[argv[0]]
    entry = importlib.import_module(module)
    run = getattr(entry, argv[0], None) if module == "models.commands" else entry.main
    return run(argv[1:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
