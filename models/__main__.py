"""`python -m models COMMAND`: train, quantize, evaluate and compare the age network."""

from __future__ import annotations

import importlib
import sys

from models.errors import told

COMMANDS = {
    "train": ("models.commands", "teach the teacher, then train SSR-Net under it (workstation)"),
    "quantize": ("models.commands", "turn the trained weights into the int8 file that ships (workstation)"),
    "refiner": (
        "models.refiner_commands",
        "train or quantize the refiner, which places keypoints (workstation)",
    ),
    "detector": (
        "models.detector_commands",
        "train or quantize the int8 detector, which finds faces (workstation)",
    ),
    "methods": ("models.methods.commands", "the methods of the field side by side: train, measure, table"),
    "evaluate": ("models.evaluation.evaluate", "the shipped file's errors on labelled faces"),
    "delegation": ("models.quantization.delegation", "a model file's operations, and which XNNPACK runs"),
    "compare": ("models.evaluation.compare", "size, latency and error beside the alternatives"),
    "alternatives": ("models.alternatives", "whole frames beside the loops users would otherwise run"),
    "tracks": ("models.tracks", "the track benchmark: ages over time against ground truth"),
    "noise": ("models.tracks.fit_error_model", "fit the error model of single estimates, for the smoother"),
}


def usage() -> str:
    """All commands with a line each."""
    lines = [f"  {name:<13} {text}" for name, (_, text) in COMMANDS.items()]
    return "\n".join(["usage: python -m models COMMAND [OPTIONS]", "", *lines])


def main(argv: list[str]) -> int:
    """Run the command that `argv` names, and return the exit status; without a name, list them."""
    name, options = (argv[0], argv[1:]) if argv else ("--help", [])
    if name in ("-h", "--help"):
        print(usage())
        return 0
    if name not in COMMANDS:
        print(f"models: unknown command {name!r}; allowed: {', '.join(COMMANDS)}", file=sys.stderr)
        return 2
    return told("models", name, lambda: run(name, options))


def run(name: str, options: list[str]) -> int:
    """The command itself, imported only now: some need the workstation's environment."""
    module = importlib.import_module(COMMANDS[name][0])
    command = getattr(module, name) if module.__name__ == "models.commands" else module.main
    return command(options)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
