"""The workstation's commands, `train` and `quantize`: from zips of faces to the pinned int8 file."""

from __future__ import annotations

import argparse
import ctypes
import shutil
import tomllib
from pathlib import Path

from device.inference.model_files import MODELS, model_path
from models.data.datasets import DataError
from models.quantization.pin import pin

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
    from models.training import train as trainer

    name = tomllib.loads(options.config.read_text())["name"]
    model_path("faceres-weights")  # the manifest names this file: both are checked
    published = trainer.Published(model_path("faceres"), model_path("teacher"))
    taught = options.out / "teacher" / "teacher.pt"
    if not taught.exists():
        settings = trainer.prepare(options.teacher_config, taught.parent)
        trainer.train_teacher(settings, options.data, taught.parent, published.faceres)
    out = options.out / name
    settings = trainer.prepare(options.config, out)
    trainer.train_student(settings, options.data, out, taught, published)
    return 0


def quantize(argv: list[str]) -> int:
    """`python -m models quantize`: trained weights to int8, in the run's folder; --install ships it."""
    parser = argparse.ArgumentParser(prog="python -m models quantize", description=quantize.__doc__)
    parser.add_argument("--config", type=Path, default=MODELS / "age.toml")
    parser.add_argument("--run", type=Path, help="folder of the training run (default: runs/NAME)")
    parser.add_argument(
        "--faces", type=Path, help="folder of 64×64 calibration crops (default: calibration/faces)"
    )
    parser.add_argument("--out", type=Path, help="folder of the new files (default: the run's)")
    parser.add_argument("--install", action="store_true", help="put them in place of the shipped files, too")
    options = parser.parse_args(argv)
    settings = tomllib.loads(options.config.read_text())
    name = settings["name"]
    run = options.run or Path("runs") / name
    out = options.out or run
    weights = run / f"{name}.weights.h5"
    if not weights.exists():
        raise DataError(f"{weights}: no trained weights; run `make train`")
    from models.quantization import quantize as quantizer
    from models.quantization.delegation import delegation_report

    faces = quantizer.representative_faces(options.faces or quantizer.REPRESENTATIVE)
    fingerprint = run / "data.txt"
    settings["data_fingerprint"] = fingerprint.read_text().strip() if fingerprint.exists() else "unknown"
    model = quantizer.quantize(quantizer.export_model(settings, weights), faces)
    model = quantizer.with_metadata(model, quantizer.metadata(settings, weights, faces))
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"{name}.tflite"
    digest = quantizer.write(path, model)
    print(delegation_report(path).table())
    print(f"{path}: {path.stat().st_size} bytes, SHA-256 {digest}")
    if options.install:
        install(path, weights, digest)
    return 0


def install(path: Path, weights: Path, digest: str, models: Path = MODELS) -> None:
    """Put the file and its float weights in place of the shipped ones, and set the pin."""
    shutil.copy(weights, models / weights.name)
    if path.resolve() != (models / path.name).resolve():
        shutil.copy(path, models / path.name)
    pin(models / "pins.json", path.stem, path.name, digest)
    print(
        f"{models / path.name}: installed; now `.venv/bin/python -m models noise --model {path.stem}`, "
        "for its error model is still the old network's"
    )
