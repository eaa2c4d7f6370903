"""How well faces are found in good and bad pictures: `python -m device bench --faces FOLDER`.

Clips and photographs, each as it is and disturbed in the ways of `disturbances`. What the float detector
sees in the clean, full-size picture, proven by a close-up, is what must be found and where the eyes are.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, TypedDict

import cv2
import numpy as np
from numpy.typing import NDArray

from device.bench.disturbances import CASES, CLEAN, Map
from device.box import Box
from device.budget.timing import Timings
from device.camera.clip import Clip
from device.camera.picture_file import read_picture
from device.config.loader import changed
from device.config.schema import Settings
from device.errors import ConfigError
from device.faces.detector import Detection, FaceDetector
from device.frame import Frame, Image
from device.pipeline.pipeline import Networks, Vision, open_networks
from device.pipeline.search_order import windows

CLIPS = (".mkv", ".mp4", ".avi", ".gif")
PICTURES = (".jpg", ".jpeg", ".png")
FPS = 15.0  # about: every second frame of a camera's clip
MAX_FRAMES = 30  # of a clip, two seconds
REPEATED = 6  # frames that a photograph is seen for
SETTLE_S = 0.25  # not counted: a face is proven first
MUST, MAY = 0.7, 0.3  # score of a reference's close-up: that must be found; that may be
SAME = 0.3  # overlap of two close-ups from which they show one face
LARGEST = 3.0  # times as wide as the face it is on: a box; first looks' are 1.1 to 2.2 times
PARTS = 0.667, 0.333  # sides of the picture's shorter side: of its parts, and between them
ABOUT = 8  # frames before and after in which a track's place may show its face
EVERYTHING = {"detect_every": 1, "settled_every_s": 0.0}
NO_LIMIT_MIB = 2**20


class Reference(NamedTuple):
    """A clip's frames, uint8 BGR, and what is in each."""

    name: str
    fps: float
    frames: list[Image]
    faces: list[list[Detection]]
    middle: Box  # of the largest face on most frames; the picture's middle where there is none


class Row(TypedDict):
    """One case over all clips."""

    case: str
    found: float  # share of the faces that the first look finds, 0 to 1
    recall: float  # share of the faces that are tracked
    tracks: int
    false: int  # tracks that are on no face
    steady: int  # clips with as many tracks as clean, tracked in 95 % of their frames
    eyes: float | None  # mean error of what places an age, in face widths
    first_eyes: float | None  # of the first look
    scatter: float | None  # years, of one person's single estimates


class FindingReport(TypedDict):
    """Everything; `relative` is the mean recall over all disturbances, clean being 1."""

    clips: int
    faces: int
    relative: float
    rows: list[Row]


class Counts:
    """What one case adds up to."""

    def __init__(self) -> None:
        self.faces = self.found = self.tracked = self.tracks = self.false = self.steady = 0
        self.eyes: list[float] = []
        self.first_eyes: list[float] = []
        self.scatter: list[float] = []

    def row(self, case: str) -> Row:
        """The sums as shares and means."""
        return {
            "case": case,
            "found": round(self.found / max(self.faces, 1), 4),
            "recall": round(self.tracked / max(self.faces, 1), 4),
            "tracks": self.tracks,
            "false": self.false,
            "steady": self.steady,
            "eyes": _mean(self.eyes),
            "first_eyes": _mean(self.first_eyes),
            "scatter": _mean(self.scatter),
        }


def _mean(values: list[float]) -> float | None:
    return round(float(np.mean(values)), 4) if values else None


def reference(path: Path, detector: FaceDetector, settings: Settings) -> Reference:
    """The clip's or photograph's frames, and the faces that a close-up proves in each."""
    fps, frames = _frames(path, settings)
    seen = [_proven(detector, image) for image in frames]
    largest = [max(faces, key=lambda face: face.box.w).box for faces in seen if faces]
    rows, columns = frames[0].shape[:2]
    middle = Box(0.4 * columns, 0.3 * rows, 0.2 * columns, 0.2 * columns)
    if largest:
        middle = Box(*np.median(largest, axis=0).tolist())
    return Reference(path.name, fps, frames, seen, middle)


def _frames(path: Path, settings: Settings) -> tuple[float, list[Image]]:
    if path.suffix.lower() in PICTURES:
        return FPS, [read_picture(path)] * REPEATED
    clip = Clip(str(path))
    step = max(1, round(clip.fps / FPS))
    frames: list[Image] = []
    frame, number = Frame(clip.size), 0
    while len(frames) < MAX_FRAMES and clip.read(frame, settings.camera.timeout_s):
        if number % step == 0:
            frames.append(frame.image.copy())
        number += 1
    clip.close()
    return clip.fps / step, frames


def _proven(detector: FaceDetector, image: Image) -> list[Detection]:
    """What a close-up proves of what the whole picture shows; of what only parts do, as what may be found."""
    close = [detector.close_up(image, face.box) for face in detector.detect(image)]
    proven = [face for face in close if face and face.score >= MAY]
    rows, columns = image.shape[:2]
    parts = [(part, MAY) for part in windows(columns, rows, *PARTS)]
    for part, least in [*parts, *((part, MUST) for part in windows(columns, rows))]:
        for face in detector.detect_in(image, part):
            near = detector.close_up(image, face.box)
            if near and near.score >= least and all(near.box.iou(other.box) < SAME for other in proven):
                proven.append(near._replace(score=MAY))
    return proven


class _Seen(NamedTuple):
    """One frame: its width and height, the faces in it, the first look's, and what is known of each track."""

    size: tuple[int, int]
    faces: list[Detection]
    looked: list[Detection]
    tracks: dict[int, Box]
    placed: dict[int, NDArray[np.float32]]
    ages: dict[int, float]


class _Played(NamedTuple):
    frames: list[_Seen]

    def false_tracks(self) -> int:
        """Tracks that are on no face for most of their time."""
        on, off = Counter[int](), Counter[int]()
        for index, seen in enumerate(self.frames):
            about = self.frames[max(0, index - ABOUT) : index + ABOUT + 1]
            for number, box in seen.tracks.items():
                near = any(_on(box, face.box) for other in about for face in other.faces)
                (on if near else off)[number] += 1
        return sum(off[number] > on[number] for number in on.keys() | off.keys())


def play(clip: Reference, case: str, settings: Settings, networks: Networks) -> _Played:
    """Run one disturbed clip through the pipeline."""
    rng = np.random.default_rng(1)
    vision: Vision | None = None
    played = _Played([])
    for index, (image, faces) in enumerate(zip(clip.frames, clip.faces, strict=True)):
        disturbed = CASES[case](image, clip.middle, rng)
        rows, columns = disturbed.image.shape[:2]
        if vision is None:
            vision = Vision(settings, (columns, rows), clip.fps, Timings(), *networks, realtime=False)
            frame = Frame((columns, rows))
        np.copyto(frame.image, disturbed.image)
        frame.index, frame.time = index, index / clip.fps
        persons = vision.process(frame)
        states = {track.id: track.companion for track in vision.tracks}
        placed = {
            person.id: close.face.keypoints
            for person in persons
            if person.raw is not None and (close := states[person.id].close_up)
        }
        played.frames.append(
            _Seen(
                (columns, rows),
                [_moved(face, disturbed.to) for face in faces],
                networks[0].detect(disturbed.image),
                {person.id: person.box for person in persons},
                placed,
                {person.id: person.raw for person in persons if person.raw is not None},
            )
        )
    return played


def _moved(face: Detection, to: Map) -> Detection:
    """The face as it stands in the disturbed picture."""
    points = face.keypoints @ to[:, :2].T + to[:, 2]
    (x, y), scale = face.box.centre, float(np.hypot(*to[:, 0]))
    cx, cy = (to @ (x, y, 1)).tolist()
    w, h = face.box.w * scale, face.box.h * scale
    return Detection(Box(cx - w / 2, cy - h / 2, w, h), face.score, points.astype(np.float32))


def _in_picture(face: Detection, size: tuple[int, int]) -> bool:
    """Whether both eyes are in the picture: a face that was moved out of it cannot be found there."""
    return bool(np.all((face.keypoints[:2] >= 0) & (face.keypoints[:2] < size)))


def _on(box: Box, face: Box) -> bool:
    """Whether a box is on a face: the face's middle is in it, and it is no box of everything."""
    x, y = face.centre
    return 0 <= x - box.x <= box.w <= LARGEST * face.w and 0 <= y - box.y <= box.h


def count(played: _Played, fps: float, clean: int, counts: Counts) -> int:
    """Add one clip's figures to `counts`, and return its tracks; `clean`: those of the clip undisturbed."""
    visible, ages = 0, dict[int, list[float]]()
    settled = [seen for index, seen in enumerate(played.frames) if index / fps >= SETTLE_S]
    for seen in settled:
        visible += bool(seen.tracks)
        for face in (face for face in seen.faces if face.score >= MUST and _in_picture(face, seen.size)):
            _count_face(face, seen, counts)
        for number, age in seen.ages.items():
            ages.setdefault(number, []).append(age)
    numbers = {number for seen in played.frames for number in seen.tracks}
    counts.tracks += len(numbers)
    counts.false += played.false_tracks()
    counts.steady += visible >= 0.95 * len(settled) and len(numbers) == (clean or len(numbers)) > 0
    counts.scatter += [float(np.std(years)) for years in ages.values() if len(years) >= 10]
    return len(numbers)


def _count_face(face: Detection, seen: _Seen, counts: Counts) -> None:
    counts.faces += 1
    looked = [other for other in seen.looked if _on(other.box, face.box)]
    counts.found += bool(looked)
    if looked:
        counts.first_eyes.append(_eye_error(looked[0].keypoints, face))
    tracked = [number for number, box in seen.tracks.items() if _on(box, face.box)]
    counts.tracked += bool(tracked)
    placed = [seen.placed[number] for number in tracked if number in seen.placed]
    if placed:
        counts.eyes.append(_eye_error(placed[0], face))


def _eye_error(keypoints: NDArray[np.float32], face: Detection) -> float:
    """Mean distance of both eyes from the reference's, in face widths."""
    off = np.linalg.norm(keypoints[:2] - face.keypoints[:2], axis=1)
    return float(off.mean()) / face.box.w


def measure(settings: Settings, folder: str) -> Iterator[tuple[str, FindingReport | None]]:
    """A word on each case as it is done, and with the last one the report. Raises ConfigError."""
    paths = sorted(p for p in Path(folder).glob("*") if p.suffix.lower() in CLIPS + PICTURES)
    if not paths:
        raise ConfigError(f"--faces {folder}: there is no {', '.join(CLIPS + PICTURES)} in it.")
    cv2.setNumThreads(1)
    settings = changed(settings, schedule=EVERYTHING, limits={"memory_mib": NO_LIMIT_MIB})
    networks = open_networks(settings)
    teacher = FaceDetector("short", settings.age.interpreter, min_score=MAY)
    clips = [reference(path, teacher, settings) for path in paths]
    rows, clean = [], [0] * len(clips)
    for case in CASES:
        counts = Counts()
        for number, clip in enumerate(clips):
            tracks = count(play(clip, case, settings, networks), clip.fps, clean[number], counts)
            if case == CLEAN:
                clean[number], faces = tracks, counts.faces
        rows.append(counts.row(case))
        yield _line(rows[-1], len(clips)), None
    whole = max(rows[0]["recall"], 1e-9)
    relative = float(np.mean([row["recall"] / whole for row in rows[1:]]))
    yield "", {"clips": len(clips), "faces": faces, "relative": round(relative, 4), "rows": rows}


def print_finding(settings: Settings, folder: str, as_json: bool, plot: str | None) -> int:
    """A line for every case, or one JSON object; drawn where asked to."""
    if not as_json:
        print(f"{'case':<14}{'found':>8}{'tracked':>9}{'tracks':>8}{'false':>7}{'steady':>10}{'eyes':>8}"
              f"{'first':>8}{'scatter':>9}")  # fmt: skip
    for line, report in measure(settings, folder):
        if report is None:
            if not as_json:
                print(line, flush=True)
            continue
        if plot:
            from device.bench.finding_plot import draw

            draw(report, plot)
        if as_json:
            print(json.dumps(report))
        else:
            print(f"mean recall of the disturbed, clean being 1: {report['relative']:.3f}")
    return 0


def _line(row: Row, clips: int) -> str:
    def years(value: float | None, form: str) -> str:
        return "–" if value is None else format(value, form)

    return (
        f"{row['case']:<14}{row['found']:>8.1%}{row['recall']:>9.1%}{row['tracks']:>8}{row['false']:>7}"
        f"{row['steady']:>6} / {clips}{years(row['eyes'], '.4f'):>8}{years(row['first_eyes'], '.4f'):>8}"
        f"{years(row['scatter'], '.2f'):>9}"
    )
