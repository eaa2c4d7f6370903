"""`python -m models tracks`: the tracker and the smoother on scenes with known truth, beside others."""

from __future__ import annotations

import argparse
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
from models.tracks.actors import cast_of
from models.tracks.cost import FACES, cost_ms
from models.tracks.replay import OTHERS, OURS, replay, replay_norfair
from models.tracks.scenes import script
from models.tracks.simulator import Estimator, Film, play


def main(argv: list[str]) -> int:
    """Play, measure, print; 0, or 2 when the faces or the model cannot be used."""
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
    films = record(options, settings)
    report = measure(films, settings)
    print(json.dumps(report, indent=1) if options.json else as_text(report))
    return 0


def record(options: argparse.Namespace, settings: Settings) -> list[Film]:
    """Play all scenes; the slow part, which no setting of the tracker or smoother changes."""
    from device.age.network import AgeNet
    from device.faces.detector import FaceDetector

    actors = cast_of(options.faces, options.part)
    net: Estimator = AgeNet(options.model)
    detector = FaceDetector(min_score=settings.detector.min_score)
    scenes = script(options.scenes, len(actors), options.seed)
    films = []
    for number, scene in enumerate(scenes):
        if sys.stderr.isatty():
            print(f"\rscene {number + 1} of {len(scenes)}", end="", file=sys.stderr)
        films.append(play(scene, actors, net, detector))
    return films


def measure(films: list[Film], settings: Settings) -> dict:
    """Everything the benchmark says, as numbers by name."""
    ours = [replay(film, settings) for film in films]
    pairs = zip(films, ours, strict=True)
    people = [one for film, frames in pairs for one in age_metrics.series(film, frames)]
    identity = {OURS: _identities(films, ours)}
    if find_spec("norfair"):
        identity["norfair"] = _identities(films, [replay_norfair(film) for film in films])
    return {
        "scenes": len(films),
        "people": len(people),
        "changes_of_person": sum(one.later for one in people),
        "frames": sum(len(film.moments) for film in films),
        f"cost_ms_{FACES}_tracks": cost_ms(settings),
        "identity": identity,
        "ages": {name: _ages(people, name, Bands(settings.smoother.bands)) for name in (*OTHERS, OURS)},
        "interval_holds_truth": age_metrics.holds_truth([one for one in people if not one.later]),
        "share_of_frames_with_age": age_metrics.share_shown(people),
    }


def _identities(films: list[Film], shown: list) -> dict:
    """Switches, fragments and IDF1 by kind of scene."""
    out = {}
    for kind in sorted({film.scene.kind for film in films}):
        pairs = [(film, frames) for film, frames in zip(films, shown, strict=True) if film.scene.kind == kind]
        counts = identity_metrics.total([identity_metrics.identity(film, frames) for film, frames in pairs])
        out[kind] = {"switches": counts.switches, "fragments": counts.fragments, "idf1": counts.idf1}
    return out


def _ages(people: list[age_metrics.Series], name: str, bands: Bands) -> dict:
    first = [one for one in people if not one.later]
    long = [one for one in first if one.t[-1] >= 4]
    arrivals = np.array([age_metrics.arrival(one, name) for one in long])
    recoveries = np.array([age_metrics.arrival(one, name) for one in people if one.later and one.t[-1] >= 2])
    still = np.array([age_metrics.wander(one, name) for one in first if one.kind == "still"])
    out = {f"mae_at_{second:g}s": age_metrics.error_at(first, name, second)[0] for second in age_metrics.AT}
    out |= {f"shown_at_{at:g}s": age_metrics.error_at(first, name, at)[1] for at in age_metrics.AT}
    return out | {
        "wander_still_mean": float(np.nanmean(still)),
        "wander_still_p90": float(np.nanpercentile(still, 90)),
        "arrival_p50": float(np.percentile(arrivals, 50, method="lower")),
        "arrival_p90": float(np.percentile(arrivals, 90, method="lower")),
        "arrived_in_1s": float(np.mean(arrivals <= 1.0)),
        "integer_changes_a_minute": age_metrics.changes(first, name, round),
        "band_changes_a_minute": age_metrics.band_changes(first, name, bands),
        "recovered_in_1.5s": float(np.mean(recoveries <= 1.5)),
    }


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
