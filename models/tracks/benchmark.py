"""`python -m models tracks`: the tracker and the smoother on scenes with ground truth, beside others."""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np

from device.age.bands import Bands
from device.config.loader import load as load_settings
from device.config.schema import Settings
from models.tracks import age_metrics, identity_metrics
from models.tracks.actors import load_actors
from models.tracks.cost import FACES, cost_ms
from models.tracks.replay import OTHERS, OURS, replay, replay_norfair
from models.tracks.scenes import script
from models.tracks.simulator import Recording, play


def main(argv: list[str]) -> int:
    """Simulate, measure, print; 0. Raises DataError or ModelError for what cannot be used."""
    parser = argparse.ArgumentParser(prog="python -m models tracks", description=__doc__)
    parser.add_argument("--faces", type=Path, required=True, help="folder or zip of aged faces")
    parser.add_argument("--part", choices=("train", "validation", "test", "all"), default="validation")
    parser.add_argument("--model", default="age", help="a name of models/pins.json or a .tflite file")
    parser.add_argument("--scenes", type=int, default=100, help="how many scenes, about; default %(default)s")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--config", help="settings of the device; default: its defaults")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of tables")
    options = parser.parse_args(argv)
    cv2.setNumThreads(1)
    settings = load_settings(options.config)
    recordings = record(options, settings)
    report = measure(recordings, settings)
    print(as_json(report, options.model) if options.json else as_text(report))
    return 0


def record(options: argparse.Namespace, settings: Settings) -> list[Recording]:
    """Simulate all scenes; the slow part, which no setting of the tracker or smoother changes."""
    from device.age.network import AgeNet
    from device.faces.detector import FaceDetector

    actors = load_actors(options.faces, options.part)
    net = AgeNet(options.model)
    detector = FaceDetector(min_score=settings.detector.min_score)
    scenes = script(options.scenes, len(actors), options.seed)
    recordings = []
    for number, scene in enumerate(scenes):
        if sys.stderr.isatty():
            print(f"\rscene {number + 1} of {len(scenes)}", end="", file=sys.stderr)
        recordings.append(play(scene, actors, net, detector))
    return recordings


def measure(recordings: list[Recording], settings: Settings) -> dict:
    """All figures of the benchmark, by name."""
    ours = [replay(recording, settings) for recording in recordings]
    pairs = zip(recordings, ours, strict=True)
    people = [one for recording, displayed in pairs for one in age_metrics.series(recording, displayed)]
    identity = {OURS: _identities(recordings, ours)}
    if find_spec("norfair"):
        identity["norfair"] = _identities(recordings, [replay_norfair(recording) for recording in recordings])
    return {
        "scenes": len(recordings),
        "people": len(people),
        "changes_of_person": sum(one.replacement for one in people),
        "frames": sum(len(recording.frames) for recording in recordings),
        f"cost_ms_{FACES}_tracks": cost_ms(settings),
        "identity": identity,
        "ages": {name: _ages(people, name, Bands(settings.smoother.bands)) for name in (*OTHERS, OURS)},
        "interval_holds_truth": age_metrics.interval_coverage([one for one in people if not one.replacement]),
        "share_of_frames_with_age": age_metrics.share_with_age(people),
    }


def _identities(recordings: list[Recording], displayed: list) -> dict:
    """Switches, fragments and IDF1 by kind of scene."""
    out = {}
    for kind in sorted({recording.scene.kind for recording in recordings}):
        parts = [
            identity_metrics.identity(recording, tracks)
            for recording, tracks in zip(recordings, displayed, strict=True)
            if recording.scene.kind == kind
        ]
        counts = identity_metrics.total(parts)
        out[kind] = {"switches": counts.switches, "fragments": counts.fragments, "idf1": counts.idf1}
    return out


def _ages(people: list[age_metrics.Series], name: str, bands: Bands) -> dict:
    first = [one for one in people if not one.replacement]
    long = [one for one in first if one.t[-1] >= 4]
    replacements = [one for one in people if one.replacement and one.t[-1] >= 2]
    still = [one for one in first if one.kind == "still"]
    convergence = np.array([age_metrics.convergence_time(one, name) for one in long])
    reconvergence = np.array([age_metrics.convergence_time(one, name) for one in replacements])
    deviations = np.array([age_metrics.settled_deviation(one, name) for one in still])
    errors = {at: age_metrics.error_at(first, name, at) for at in age_metrics.CHECKED_AT_S}
    out = {f"mae_at_{at:g}s": error for at, (error, _) in errors.items()}
    out |= {f"shown_at_{at:g}s": share for at, (_, share) in errors.items()}
    return out | {
        "wander_still_mean": float(np.nanmean(deviations)),
        "wander_still_p90": float(np.nanpercentile(deviations, 90)),
        "arrival_p50": float(np.percentile(convergence, 50, method="lower")),
        "arrival_p90": float(np.percentile(convergence, 90, method="lower")),
        "arrived_in_1s": float(np.mean(convergence <= 1.0)),
        "integer_changes_a_minute": age_metrics.changes(first, name, round),
        "band_changes_a_minute": age_metrics.band_changes(first, name, bands),
        "recovered_in_1.5s": float(np.mean(reconvergence <= 1.5)),
    }


def as_json(report: dict, model: str) -> str:
    """The report with the network it is of, its numbers to four places, as models/figures keeps it."""
    from device.age.network import AgeNet

    network = AgeNet(model).path
    assert network is not None  # it was named
    whole = {"model_sha256": hashlib.sha256(network.read_bytes()).hexdigest()} | report
    return json.dumps(json.loads(json.dumps(whole), parse_float=lambda text: round(float(text), 4)), indent=1)


def as_text(report: dict) -> str:
    """The report as tables."""
    lines = [
        f"{report['scenes']} scenes, {report['people']} people, {report['changes_of_person']} of them "
        f"in the place of another, {report['frames']} frames",
        "",
    ]
    names = list(report["ages"])
    lines.append(f"{'shown age':28}" + "".join(f"{name:>14}" for name in names))
    for key in report["ages"][OURS]:
        lines.append(f"{key:28}" + "".join(f"{report['ages'][name][key]:14.3f}" for name in names))
    lines += [
        f"{'interval_holds_truth':28}{report['interval_holds_truth']:14.3f}",
        f"{'share_of_frames_with_age':28}{report['share_of_frames_with_age']:14.3f}",
        f"{f'cost_ms_{FACES}_tracks':28}{report[f'cost_ms_{FACES}_tracks']:14.3f}",
        "",
    ]
    trackers = list(report["identity"])
    lines.append(
        f"{'identity':12}"
        + "".join(f"{name + ': switches':>20}{'fragments':>11}{'IDF1':>8}" for name in trackers)
    )
    for kind in report["identity"][OURS]:
        line = f"{kind:12}"
        for counts in (report["identity"][name][kind] for name in trackers):
            line += f"{counts['switches']:20}{counts['fragments']:11}{counts['idf1']:8.3f}"
        lines.append(line)
    return "\n".join(lines)
