"""One frame's work: find faces, follow them, estimate ages, within the frame's budget of time."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np

from device.age.attributes import chosen_attributes, wanted
from device.age.network import AgeEstimator, AgeNet, Reading, flip_averaged
from device.box import Box
from device.budget.timing import Timings
from device.config.schema import Settings
from device.faces.alignment import SIDE, Cropper
from device.faces.close_up import CloseUp, CloseUps, as_in_close_up
from device.faces.detector import Detection, Detector, FaceDetector, quarters_to_upright
from device.faces.quality import measure
from device.faces.refiner import FaceRefiner, Refiner
from device.frame import Frame, Image
from device.person import Person
from device.pipeline.faces_to_hide import FacesToHide
from device.pipeline.person_state import PersonState, person_of, person_states
from device.pipeline.scheduler import Scheduler, inference_count
from device.pipeline.second_looks import PartDetector, SecondLooks
from device.pipeline.ways_up import Way
from device.tracks.still import StillFaces
from device.tracks.tracker import NEUTRAL_SCORE, Track, Tracker
from device.tracks.zones import Zones

CLOSE_UP_SHARE = 0.5  # of the frame's budget: after that no second new face gets a close-up on this frame
SAME_FACE = 0.5  # overlap of a close-up's face with a followed one from which it is the same
PROPOSED = 0.5  # of detector.min_score: what the search may propose where a close-up proves each new face
MIN_FACE = 0.5  # of the refiner's score: an age of less is none
SURE_SCORE = 0.9  # what the refiner's certainty is worth of a close-up's score, which the error model knows
PersonTrack = Track[PersonState]


class Vision:
    """From frames to persons. Frames come in the order of their time, each at most once.

    `size` is the main picture's (width, height); boxes are in its pixels. The detector sees the small
    picture where the source gives one. `detector` and `net` are whatever answers as `FaceDetector` and
    `AgeNet` do. `realtime` as for the scheduler.
    """

    def __init__(
        self,
        settings: Settings,
        size: tuple[int, int],
        fps: float,
        stages: Timings,
        detector: Detector,
        net: AgeEstimator,
        refiner: FaceRefiner | None = None,
        realtime: bool = True,
    ):
        self.scheduler = Scheduler(settings, fps, realtime)
        attributes = chosen_attributes(settings.age, net.has_attributes)
        self.tracker = Tracker(settings, person_states(settings, attributes))
        self.tracks: list[PersonTrack] = []
        self._zones = Zones(settings.tracker.ignore)
        self._still = StillFaces(settings.tracker.still_minutes, settings.tracker.max_tracks)
        self.notify: Callable[..., None] = _nobody  # hears of faces that are left out as they never move
        self.strict = settings.overlay.privacy == "blur"  # every frame is searched for faces to be hidden
        self.faces: list[Box] = []  # if strict: in the last frame, all that may be one
        self._hidden = FacesToHide()
        self._detector, self._net = detector, net
        self._refiner = refiner
        near = settings.detector.range == "short"  # the full range detector sees no better in a close-up
        self._close_ups = CloseUps(detector) if near else None
        self._second_looks: SecondLooks | None = None
        if near and isinstance(detector, PartDetector):
            self._second_looks = SecondLooks(detector, size, settings.detector.min_score)
        self._size = size
        self._stages = stages
        self._cropper = Cropper()
        self._crop: Image = np.empty((SIDE, SIDE, 3), np.uint8)
        self._time: float | None = None  # of the last frame
        self._start = 0.0  # of the work on this frame, monotonic
        self._close_ups_done, self._close_up_s = 0, 0.0  # on this frame, and the seconds they took

    def process(self, frame: Frame) -> list[Person]:
        """Who is in the frame: every confirmed track, with this frame's estimates where there are any."""
        self._start = time.monotonic()
        self._close_ups_done, self._close_up_s = 0, 0.0
        due = self.scheduler.should_detect(self.tracks, self.tracker.has_tentative, frame.time)
        detected = due or self.strict
        seen = self._detect(frame) if detected else None
        self._track(None if seen is None else [face for face in seen if not self._left_out(face.box)], frame)
        for box in self._still.observe(self.tracks, frame.time):
            self.notify("still", box=[round(value, 1) for value in box])
        if self.strict:
            # those left out are people's faces, too
            self.faces = self._hidden.observe(seen or [], self.tracker.all_tracks, frame.time)
        spent = time.monotonic() - self._start
        needs_refresh = partial(self._needs_refresh, now=frame.time)
        chosen = self.scheduler.choose(self.tracks, detected, spent, frame.time, needs_refresh)
        raw = self._estimate(chosen, frame) if chosen else {}
        return [person_of(track, raw.get(track.id)) for track in self.tracks]

    def _detect(self, frame: Frame) -> list[Detection]:
        start = time.monotonic()
        picture = frame.image if frame.small is None else frame.small
        found = self._detector.detect(picture, self._size)
        if self._second_looks is not None:
            found = self._second_looks.complete(found, frame.image, self.tracker.all_tracks, frame.time)
        seconds = time.monotonic() - start
        self._stages.add("detect", seconds)
        self.scheduler.on_detection_cost(seconds)
        return found

    def _left_out(self, box: Box) -> bool:
        """Whether a face there is none of ours: in a zone that is ignored, or one that never moves."""
        (x, y), (width, height) = box.centre, self._size
        return self._zones.covers(x / width, y / height) or self._still.leaves_out(box)

    def _track(self, found: list[Detection] | None, frame: Frame) -> None:
        start = time.monotonic()
        step = 0.0 if self._time is None else frame.time - self._time
        self._time = frame.time
        verify = None
        if self._close_ups:
            verify = partial(self._verify_with_close_up, self._close_ups, frame)
        self.tracks = self.tracker.update(found, step, verify)
        self._stages.add("track", time.monotonic() - start)

    def _verify_with_close_up(self, close_ups: CloseUps, frame: Frame, track: PersonTrack) -> float | None:
        """The score, 0 to 1, of a new face in a close-up; None when there is no time for another."""
        late = time.monotonic() - self._start > CLOSE_UP_SHARE * self.scheduler.budget
        if late and self._close_ups_done:
            return None
        second = self._second_looks
        own_way = second is None or second.ways.own_way(track)
        self._refresh_close_up(close_ups, frame, track)
        close_up = track.companion.close_up
        score = close_up.face.score if close_up else 0.0
        if second:
            second.ways.learn(track, score)
        if close_up and self._is_followed(close_up.face.box, track):
            return 0.0
        if second and close_up and second.refers(track, close_up.face, max(self._size)):
            return 0.0
        return score if own_way else max(score, NEUTRAL_SCORE)

    def _is_followed(self, face: Box, but: PersonTrack) -> bool:
        """Whether a close-up shows the face of another track: weak looks lie beside their faces."""
        others = (track for track in self.tracker.all_tracks if track is not but and track.confirmed)
        return any(as_in_close_up(track.box).iou(face) > SAME_FACE for track in others if not track.misses)

    def _refresh_close_up(self, close_ups: CloseUps, frame: Frame, track: PersonTrack) -> None:
        start = time.monotonic()
        state = track.companion
        if self._second_looks:
            way = self._second_looks.ways.next(track)
        else:
            way = Way(quarters_to_upright(track.keypoints), False)
        state.close_up = close_ups.make(frame.image, track.box, frame.time, state.settled, *way)
        seconds = time.monotonic() - start
        self._close_ups_done += 1
        self._close_up_s += seconds
        self.scheduler.on_close_up_cost(seconds)

    def _needs_refresh(self, track: PersonTrack, now: float) -> bool:
        """Whether an estimate of this face needs another close-up first."""
        if self._refiner is not None:
            return False
        close_up = track.companion.close_up
        return self._close_ups is not None and not (close_up and close_up.holds(track.box, now))

    def _estimate(self, tracks: list[PersonTrack], frame: Frame) -> dict[int, float]:
        """This frame's own age estimate of each of these tracks, by id; the tracks' filters hear of them.

        The crop's place comes from the refiner, or a close-up: in the whole picture a face at a kiosk is 20
        of the detector's pixels wide, and an error of one of them in the eyes' place is worth five years.
        There is no estimate of a face that they do not see as one.
        """
        start, close_up_s = time.monotonic(), self._close_up_s
        inferences = sum(map(inference_count, tracks))
        raw = {}
        for track in tracks:
            face = self._face(track, frame)
            if face is not None:
                crop = self._cropper.cut(frame.image, face.keypoints[:2], self._crop)
                reading = self._read(track, crop)
                raw[track.id] = reading.age
                track.companion.update(reading, measure(crop, face), frame.time)
        seconds = time.monotonic() - start
        self._stages.add("age", seconds)
        self.scheduler.on_age_cost(seconds - (self._close_up_s - close_up_s), inferences)
        return raw

    def _face(self, track: PersonTrack, frame: Frame) -> Detection | PersonTrack | None:
        """What the crop's place is taken from: the refiner, a close-up that still holds, or the track."""
        if self._close_ups is None:
            return track
        if self._refiner is not None:
            return self._refine(self._refiner, track, frame)
        if self._needs_refresh(track, frame.time):
            self._refresh_close_up(self._close_ups, frame, track)
        close_up = track.companion.close_up
        return close_up.face if close_up else None

    def _refine(self, refiner: FaceRefiner, track: PersonTrack, frame: Frame) -> Detection | None:
        """The face with the keypoints where the refiner has them; None where it sees none."""
        seen = refiner.refine(frame.image, track.box)
        face = Detection(track.box, SURE_SCORE * seen.score, seen.keypoints)
        track.companion.close_up = CloseUp(face, track.box, frame.time) if seen.score >= MIN_FACE else None
        return face if seen.score >= MIN_FACE else None

    def _read(self, track: PersonTrack, crop: Image) -> Reading:
        """Of the crop and its mirror image; of a settled face by either in turn, at half the price."""
        if inference_count(track) == 2:
            return flip_averaged(self._net, crop)
        return self._net.read(crop[:, ::-1] if track.companion.next_is_flipped() else crop)


def _nobody(event: str, **facts: object) -> None:
    """The `notify` of those who do not want to know."""


class Networks(NamedTuple):
    """What a run loads; there is a `refiner` where the settings want one, for near faces."""

    detector: FaceDetector
    net: AgeNet
    refiner: Refiner | None


def open_networks(settings: Settings) -> Networks:
    """The networks of the settings, warm. Raises ModelError."""
    chosen, age = settings.detector, settings.age
    near = chosen.range == "short"
    min_score = chosen.min_score * (PROPOSED if near else 1)
    detector = FaceDetector(chosen.kind, age.interpreter, chosen.threads, min_score)
    net = AgeNet(age.model, age.interpreter, attributes=bool(wanted(age)))
    black: Image = np.zeros((SIDE, SIDE, 3), np.uint8)
    detector.detect(black)  # the first run of a network is slow, and would mislead the scheduler
    net.read(black)
    refiner = Refiner(age.interpreter) if chosen.refine and near else None
    if refiner is not None:
        refiner.refine(black, Box(0, 0, SIDE, SIDE))
    return Networks(detector, net, refiner)
