"""`python -m device doctor`: what this machine has, with a verdict a line."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from device.app.memory_plan import memory_plan
from device.board import proc
from device.board.machine import describe, sentence
from device.board.proc import MEMINFO
from device.box import Box
from device.budget.memory import COUNTED, Meter, peak_rss_mib, table, total
from device.config.options import add_settings, settings_from
from device.config.schema import Settings
from device.errors import ConfigError, DeviceError, ModelError
from device.frame import Image

if TYPE_CHECKING:
    from device.camera.capture import Capture, SyncCapture
    from device.faces.detector import Detection, FaceDetector

PYTHONS = ((3, 11), (3, 13))  # the oldest and the newest that are tested
FRAME_WAIT = 5.0  # seconds for the source's next frame
SETTLE_FRAMES = 15
KNOWN_PICTURE = Path(__file__).parent.parent / "camera" / "demo" / "demo.jpg"
KNOWN_AGES = {"age": 34.9, "age-wide": 32.3}  # years of its largest face, by network
KNOWN_WITHIN = 1.5  # years: processors and interpreters round differently
WATCH_S = 5.0  # for faces that do not move
FLAT = 3.0  # grey levels, the deviation of a picture of nothing


class Verdict(NamedTuple):
    """One line: `word` is ok, note (the main job runs without) or bad (it does not)."""

    word: str
    what: str
    text: str


def add_options(parser: ArgumentParser) -> None:
    """The options of `python -m device doctor`: the settings that are to be judged."""
    picture = "write the camera's picture with the faces in it, and which of them are left out (.png or .jpg)"
    parser.add_argument("--picture", metavar="FILE", help=picture)
    add_settings(parser)


def main(args: Namespace) -> int:
    """Print the verdicts; 0 if the main job can run, else 1."""
    settings = settings_from(args)
    bad = 0
    if args.picture:
        from device.commands.inspection import check

        check(args.picture)
    for verdict in verdicts(settings, args.picture):
        print(f"{verdict.word:<5}{verdict.what:<13}{verdict.text}", flush=True)
        bad += verdict.word == "bad"
    if bad:
        print(f"The main job cannot run: {bad} of the above must be mended.")
        return 1
    print("The main job can run.")
    return 0


def verdicts(settings: Settings, picture: str | None = None) -> Iterator[Verdict]:
    """Everything that the main job needs or could use, in the order in which it would fail."""
    yield _python()
    yield _cpu()
    yield from _interpreter(settings)
    yield from _models(settings)
    yield from _ages(settings)
    yield from _memory(settings)
    yield from _heat(settings)
    yield _pi_camera()
    yield _usb_cameras()
    yield _screen()
    yield from _overlay(settings)
    yield from _notice(settings)
    yield from _source(settings, picture)
    yield _held()


def _held() -> Verdict:
    """What this process holds, now that it has opened nearly all that the main job opens."""
    meter = Meter()
    held, whole = meter.mib(), meter.whole
    meter.close()
    resident = f"at most {peak_rss_mib():.0f} MiB were in RAM, pages of files included"
    if whole:
        return Verdict("note", "held", f"this process holds {held:.0f} MiB ({COUNTED}); {resident}")
    text = f"/proc/self/status cannot be read: the budget counts pages of files, too; {resident}"
    return Verdict("note", "held", text)


def _python() -> Verdict:
    found = sys.version_info[:2]
    text = f"{sys.version.split()[0]}, NumPy {version('numpy')}, OpenCV {_opencv()}"
    if PYTHONS[0] <= found <= PYTHONS[1]:
        return Verdict("ok", "Python", text)
    return Verdict("bad", "Python", f"{text}; 3.11 to 3.13 are supported: make .venv with one of them")


def _opencv() -> str:
    import cv2

    return cv2.__version__


def _cpu() -> Verdict:
    machine = describe()
    return Verdict("ok" if machine["int8"] else "note", "processor", sentence(machine))


def _interpreter(settings: Settings) -> Iterator[Verdict]:
    from device.inference.interpreter import available, choose

    try:
        chosen = choose(settings.age.interpreter)
    except DeviceError as error:
        yield Verdict("bad", "interpreter", str(error))
        return
    found = ", ".join(f"{name} {version(name.replace('_', '-'))}" for name in available())
    yield Verdict("ok", "interpreter", f"{chosen} (installed: {found})")


def _models(settings: Settings) -> Iterator[Verdict]:
    from device.age.error_model import belongs_to
    from device.faces.detector import KINDS
    from device.inference.model_files import model_path

    refiner = ["refiner"] if settings.detector.refine else []
    for name in (KINDS[settings.detector.kind][0], *refiner, settings.age.model):
        try:
            yield Verdict("ok", "model", f"{name}: {model_path(name).name}, as pinned")
        except DeviceError as error:
            yield Verdict("bad", "model", str(error))
    if not belongs_to(settings.age.model):
        cure = f"`.venv/bin/python -m models noise --faces FACES.zip --model {settings.age.model}`"
        text = f"the error model is another network's; {cure} learns it anew"
        yield Verdict("note", "errors", text)


def _ages(settings: Settings) -> Iterator[Verdict]:
    """One inference with a known answer: the networks run here as they did where they were made."""
    from device.age.network import AgeNet, flip_averaged
    from device.camera.picture_file import read_picture
    from device.faces.alignment import Cropper
    from device.faces.detector import FaceDetector

    wanted = KNOWN_AGES[settings.age.model]
    try:
        image = read_picture(KNOWN_PICTURE)
        detector = FaceDetector("short", settings.age.interpreter, settings.detector.threads, 0.4)
        faces = detector.detect(image)
        network = AgeNet(settings.age.model, settings.age.interpreter)
        crops = [Cropper().cut(image, face.keypoints[:2]) for face in faces[:1]]
        ages = [flip_averaged(network, crop).age for crop in crops]
    except (ConfigError, ModelError):
        return  # said above: no interpreter, or a model that is not as pinned
    except DeviceError as error:
        yield Verdict("bad", "ages", str(error))
        return
    if len(ages) == 1 and abs(ages[0] - wanted) <= KNOWN_WITHIN:
        yield Verdict("ok", "ages", f"{ages[0]:.1f} years for the built-in face, as it should be")
    else:
        found = f"{ages[0]:.1f} years" if ages else "no face"
        text = f"{found} for the built-in face, which is {wanted:.1f}: the networks do not run right here"
        yield Verdict("bad", "ages", text)


def _memory(settings: Settings) -> Iterator[Verdict]:
    wanted, budget = memory_plan(settings), settings.limits.memory_mib
    word = "ok" if total(wanted) <= budget else "bad"
    planned = f"{total(wanted):.0f} of {budget} MiB are planned ({COUNTED}):"
    yield Verdict(word, "budget", f"{planned}\n{table(wanted, budget)}")
    free = proc.mib(MEMINFO, "MemAvailable")
    if free is None:
        text = f"{MEMINFO} cannot be read (ProcSubset=pid hides it): how much is free is not known"
        yield Verdict("note", "memory", text)
    else:
        text = f"{free:.0f} MiB of the machine's memory are free"
        yield Verdict("ok" if free >= budget else "note", "memory", text)


def _heat(settings: Settings) -> Iterator[Verdict]:
    from device.board.thermal import Thermometer

    thermometer = Thermometer()
    celsius, held_back = thermometer.celsius(), thermometer.throttled()
    if celsius is not None:
        word, comment = ("note", ", which is hot") if celsius >= settings.limits.hot_c else ("ok", "")
        yield Verdict(word, "temperature", f"{celsius:.0f} °C{comment}")
    if held_back:
        yield Verdict("note", "throttled", "; ".join(held_back))


def _pi_camera() -> Verdict:
    from device.camera.picamera import INSTALL, installed

    if installed():
        return Verdict("ok", "Pi camera", "picamera2 is installed")
    return Verdict("note", "Pi camera", f"picamera2 is not installed (on a Raspberry Pi: {INSTALL})")


def _usb_cameras() -> Verdict:
    from device.camera.v4l2 import usb_cameras

    found = usb_cameras()
    return Verdict("ok" if found else "note", "USB cameras", ", ".join(found) or "none")


def _screen() -> Verdict:
    from device.outputs.drm.sockets import connected
    from device.outputs.window import why_no_window

    reason = why_no_window()
    if not reason:
        return Verdict("ok", "screen", "a window can be opened")
    if sockets := [one.name for one in connected()]:
        return Verdict(
            "ok", "screen", f"{', '.join(sockets)}; --output drm shows the picture there, or drm:NAME"
        )
    return Verdict("note", "screen", f"{reason}; the picture goes to a web page instead")


def _overlay(settings: Settings) -> Iterator[Verdict]:
    """The language of what the picture says, and what is kept from those who see it."""
    from device.overlay.words import Words

    language, privacy = settings.overlay.language, settings.overlay.privacy
    try:
        missing = Words(language).missing
    except DeviceError as error:
        yield Verdict("bad", "language", str(error))
        return
    if missing:
        text = f"{language} lacks {', '.join(missing)} in device/overlay/languages.toml; said in English"
        yield Verdict("note", "language", text)
    if privacy == "blur":
        text = (
            "blur hides the faces that the detector finds; only silhouette keeps every pixel from the outputs"
        )
        yield Verdict("note", "privacy", text)


def _notice(settings: Settings) -> Iterator[Verdict]:
    from device.notice.page import blanks

    if empty := blanks(settings):
        text = f"{', '.join(empty)} not given: `python -m device notice`, for the door, leaves blanks there"
        yield Verdict("note", "notice", text)


def _source(settings: Settings, picture: str | None) -> Iterator[Verdict]:
    """Open the source as the main job would, wait for frames, and judge their light, focus and colour.

    `picture` is where the last one is drawn.
    """
    from device.camera.capture import open_capture

    told: list[str] = []
    try:
        capture = open_capture(settings, lambda _kind, message: told.append(message))
        try:
            source, image = capture.source, _settled_picture(capture)
            still = _watched(capture, settings) if picture and image is not None else []
        finally:
            capture.stop()
        if image is None:
            yield Verdict("bad", "source", f"{source.name} gives no frame within {FRAME_WAIT:g} s")
            return
        width, height = source.size
        facts = f"{source.name}, {width}×{height} at {source.fps:g} frames a second."
        yield Verdict("ok", "source", " ".join([facts, *told]))
        yield from _picture(image, settings)
        if picture:
            yield _drawn(picture, image, still, settings)
    except DeviceError as error:
        yield Verdict("bad", "source", str(error))


def _settled_picture(capture: Capture | SyncCapture) -> Image | None:
    """A copy of a frame some time after the first: a camera needs it to find its exposure and colours."""
    image = None
    for _ in range(SETTLE_FRAMES):
        frame = capture.next(FRAME_WAIT)
        if frame is None:
            break
        image = frame.image.copy()
        capture.release(frame)
    return image


def _drawn(path: str, image: Image, still: list[Box], settings: Settings) -> Verdict:
    from device.commands.inspection import write
    from device.tracks.zones import Zones

    faces = _detector(settings).detect(image)
    write(path, _for_the_eye(image, faces, settings), faces, Zones(settings.tracker.ignore), still)
    return Verdict("ok", "picture", f"{path}: faces in green, ignored ones red, those that do not move amber")


def _for_the_eye(image: Image, faces: list[Detection], settings: Settings) -> Image:
    """What of the picture may be seen, as the camera has it; privacy holds here as for every output."""
    from device.config.loader import changed
    from device.overlay.composition import Composition
    from device.person import Person

    upright = changed(settings, screen={"rotate": 0, "mirror": False})
    size = image.shape[1], image.shape[0]
    persons = [Person(0, face.box, face.score) for face in faces]
    return Composition(size, upright).picture(image.copy(), True, persons, [])


def _watched(capture: Capture | SyncCapture, settings: Settings) -> list[Box]:
    """The faces that do not move at all while the source is watched for some seconds."""
    from device.commands.inspection import Stillness

    detector, stillness = _detector(settings), Stillness(0.8 * WATCH_S)
    start = None
    while (frame := capture.next(FRAME_WAIT)) is not None:
        now = frame.time
        start = now if start is None else start
        stillness.observe(detector.detect(frame.image), now)
        capture.release(frame)
        if now - start >= WATCH_S:
            break
    return stillness.boxes


def _detector(settings: Settings) -> FaceDetector:
    from device.faces.detector import FaceDetector

    chosen = settings.detector
    return FaceDetector(chosen.kind, settings.age.interpreter, chosen.threads, chosen.min_score)


def _picture(image: Image, settings: Settings) -> Iterator[Verdict]:
    from device.faces.exposure_check import judge
    from device.faces.mounting import best_turn
    from device.faces.picture_faults import faults

    detector = _detector(settings)
    turn = best_turn(image, detector)
    if turn:
        camera = settings.camera
        rotate = (camera.rotate + (-turn if camera.flip else turn)) % 360  # mirrored after it is turned
        text = f"faces stand upright when it is turned by {turn}° clockwise: set camera.rotate = {rotate}"
        yield Verdict("note", "mounting", text)
        return
    fit, text = judge(image, detector.detect(image))
    wrong = faults(image, detector) if float(image.std()) > FLAT else []  # else one thing is to be said
    for fault in wrong:
        yield Verdict("note", "picture", fault)
    if not wrong:
        yield Verdict("ok" if fit else "note", "picture", text)
