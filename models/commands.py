"""The workstation's commands, `train` and `quantize`: from zips of faces to the pinned int8 file."""

from __future__ import annotations

import argparse
import ctypes
import json
import shutil
import sys
import tomllib
from pathlib import Path

from device.errors import ModelError
from device.pins import MODELS, model_path
from models.data import DataError

M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_MAX = -1, -2, -4  # of glibc's mallopt


def keep_freed_memory() -> None:
    """Have glibc reuse large blocks in place of returning them after every step: three times as fast here."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt:
        mallopt(M_MMAP_MAX, 0)
        mallopt(M_TRIM_THRESHOLD, 2**31 - 1)
        mallopt(M_TOP_PAD, 512 * 2**20)


def train(argv: list[str]) -> int:
    """`python -m models train`: the teacher where there is none, then SSR-Net. Goes on where it stopped."""
    parser = argparse.ArgumentParser(prog="python -m models train", description=train.__doc__)
    parser.add_argument("--data", action="append", required=True, help="zip, folder or CSV; may be repeated")
    parser.add_argument("--config", type=Path, default=MODELS / "age.toml")
    parser.add_argument("--teacher-config", type=Path, default=MODELS / "teacher.toml")
    parser.add_argument("--out", type=Path, default=Path("runs"), help="folder of the runs (default: runs)")
    options = parser.parse_args(argv)
    keep_freed_memory()
    from models import train as trainer

    try:
        model_path("faceres-weights")  # the manifest names this file: both are checked
        published = trainer.Published(model_path("faceres"), model_path("teacher"))
        taught = options.out / "teacher" / "teacher.pt"
        if not taught.exists():
            settings = trainer.prepare(options.teacher_config, taught.parent)
            trainer.train_teacher(settings, options.data, taught.parent, published.faceres)
        name = tomllib.loads(options.config.read_text())["name"]
        out = options.out / name
        settings = trainer.prepare(options.config, out)
        trainer.train_student(settings, options.data, out, taught, published)
    except (DataError, ModelError, OSError, trainer.Diverged) as error:
        print(f"train: {error}", file=sys.stderr)
        return getattr(error, "exit_status", 2)
    return 0


def quantize(argv: list[str]) -> int:
    """`python -m models quantize`: the trained weights as the int8 file, pinned, the weights beside it."""
    parser = argparse.ArgumentParser(prog="python -m models quantize", description=quantize.__doc__)
    parser.add_argument("--config", type=Path, default=MODELS / "age.toml")
    parser.add_argument("--run", type=Path, help="folder of the training run (default: runs/NAME)")
    parser.add_argument(
        "--faces", type=Path, help="folder of 64×64 calibration crops (default: calibration/faces)"
    )
    parser.add_argument(
        "--out", type=Path, default=MODELS, help="folder of the shipped files (default: models)"
    )
    options = parser.parse_args(argv)
    settings = tomllib.loads(options.config.read_text())
    run = options.run or Path("runs") / settings["name"]
    weights = run / f"{settings['name']}.weights.h5"
    try:
        from models import quantize as quantizer
        from models.listing import list_operations

        faces = quantizer.representative_faces(options.faces or quantizer.REPRESENTATIVE)
        kept = options.out / weights.name
        if weights.exists():
            shutil.copy(weights, kept)
        elif not kept.exists():
            raise FileNotFoundError(f"{weights}: no trained weights; run `make train`")
        fingerprint = run / "data.txt"
        settings["data_fingerprint"] = fingerprint.read_text().strip() if fingerprint.exists() else "unknown"
        model = quantizer.quantize(quantizer.export_model(settings, kept), faces)
        path = options.out / f"{settings['name']}.tflite"
        digest = quantizer.write(
            path, quantizer.described(model, quantizer.description(settings, kept, faces))
        )
    except OSError as error:
        print(f"quantize: {error}", file=sys.stderr)
        return 2
    pin(options.out / "pins.json", settings["name"], path.name, digest)
    print(list_operations(path).table())
    print(f"{path}: {path.stat().st_size} bytes, SHA-256 {digest}")
    return 0


def pin(pins: Path, name: str, file: str, digest: str) -> None:
    """Set the pin of a shipped model, replacing the list atomically."""
    content = json.loads(pins.read_text()) if pins.exists() else {}
    content[name] = {"file": file, "sha256": digest}
    part = pins.with_suffix(".part")
    part.write_text(json.dumps(content, indent=2) + "\n")
    part.replace(pins)
