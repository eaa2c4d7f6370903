"""Each setting has an effect: a table of another value for every one, and of what can be seen to change."""

import http.client
import json
import logging
from functools import partial
from types import SimpleNamespace
from typing import NamedTuple

import cv2
import numpy as np
import pytest

from device.age.network import Reading
from device.app import logs
from device.app.application import Run
from device.audience.audience import Audience
from device.audience.messages import Messages
from device.audience.telemetry import Telemetry
from device.camera.capture import open_capture
from device.camera.open import open_source
from device.camera.reconnecting import ReconnectingCamera
from device.config.keys import KEYS
from device.config.live import LiveSettings
from device.config.loader import changed, load
from device.errors import CameraError, ConfigError
from device.events.mqtt import Publisher
from device.frame import Frame
from device.notice.page import page as page_of_the_notice
from device.outputs.open import open_outputs
from device.outputs.web.output import Web
from device.person import Person
from device.pipeline.pipeline import open_networks
from tests.device.assembly import ANNA, BERT, CARL, DORA, MEMORY_MIB, Brightness, Film, Kiosk, Screen

BASE = {"source.use": "images:film", "limits.memory_mib": MEMORY_MIB, "schedule.detect_every": 1}
TOKEN = "correct horse battery"
BY_NAME = {f"{key.section}.{key.name}": key for key in KEYS}


class Effect(NamedTuple):
    """Another `value`, what is `seen(settings, scene)` of it, and which other settings it is seen under."""

    value: object
    seen: object
    under: dict = {}  # noqa: RUF012 - never changed


class Scene(NamedTuple):
    """Where an observation takes place."""

    monkeypatch: pytest.MonkeyPatch
    folder: object  # pathlib.Path, with `one/` in it: a picture


# --- what can be seen: each takes settings and scene and returns something that can be compared


def source(settings, scene):
    opened = open_source(settings.source.use, settings)
    return opened.name, opened.size, opened.fps


def frames_of_a_folder(settings, scene):
    opened, frame = open_source(f"images:{scene.folder}/one", settings), Frame((8, 6))
    return [opened.read(frame, 1.0) for _ in range(3)]


def pixels_of_a_folder(settings, scene):
    opened, frame = open_source(f"images:{scene.folder}/one", settings), Frame((8, 6))
    opened.read(frame, 1.0)
    return frame.image.tobytes()


def kind_of_capture(settings, scene):
    capture = open_capture(settings)
    capture.stop()
    return type(capture).__name__


def ring(settings, scene):
    """How many frames are made for a camera, and how long it is waited for."""
    made, film = [], Film(3, live=True)

    def make(*sizes):
        made.append(sizes)
        return Frame(*sizes)

    scene.monkeypatch.setattr("device.camera.capture.Frame", make)
    scene.monkeypatch.setattr("device.camera.capture.open_source", lambda *_: film)
    open_capture(settings)._thread.join(20)
    return len(made), film.timeouts


def pauses(settings, scene):
    """Of a camera that cannot be read: the waits between forty tries, on a clock that moves by them."""
    waited, film, now = [], Film(live=True), [0.0]

    def fail(*_):
        raise CameraError("broken")

    def wait(seconds):
        waited.append(seconds)
        now[0] += seconds
        return len(waited) == 40

    kept = partial(ReconnectingCamera, clock=lambda: now[0])
    scene.monkeypatch.setattr(
        "device.camera.capture.ReconnectingCamera", lambda *given, **_: kept(*given, wait=wait)
    )
    scene.monkeypatch.setattr("device.camera.capture.open_source", lambda *_: film)
    film.before = film.opening = fail
    open_capture(settings)._thread.join(20)
    return waited


def networks(settings, scene):
    """Which networks, in which interpreter, with how many threads each."""
    threads = []
    for package in ("ai_edge_litert", "tflite_runtime"):
        module = pytest.importorskip(f"{package}.interpreter")

        def make(real=module.Interpreter, **options):
            threads.append(options["num_threads"])
            return real(**options)

        scene.monkeypatch.setattr(module, "Interpreter", make)
    detector, net, refiner = open_networks(settings)
    kind = type(detector._network).__name__, detector.side
    found = kind, round(detector._min_logit, 3), net.path.name, net.package
    return *found, refiner is None, threads


def played(settings, scene, change=lambda kiosk, index: None, frames=120, boxes=(ANNA,), **seconds):
    """A kiosk after a film in which `change` happens before each frame."""
    kiosk = Kiosk(scene.monkeypatch, settings)
    kiosk.faces.boxes, kiosk.film.length = list(boxes), frames
    kiosk.faces.score = 0.6
    kiosk.net.seconds, kiosk.screens[0].seconds = seconds.get("age", 0.0), seconds.get("picture", 0.0)
    kiosk.film.before = lambda index: change(kiosk, index)
    try:
        return kiosk.play()
    finally:
        kiosk.close()


def people(settings, scene):
    """Who is in the pictures while two faces are there, go away for a second and come back."""

    def change(kiosk, index):
        kiosk.faces.boxes = [] if 60 <= index < 90 else [ANNA, BERT]

    return played(settings, scene, change).screens[0].ids


def ages(settings, scene):
    """What is shown of one face's age, which seems to be 3 years more from the fourth second on."""

    def change(kiosk, index):
        kiosk.net.estimate = lambda crop: 33.0 + 3.0 * (index > 120)

    persons = played(settings, scene, change, frames=240).screens[0].persons
    return [[(person.age, person.band, person.state) for person in some] for some in persons]


def words(settings, scene):
    """What is told of one face beside the age, of a woman in clear glasses and a mask."""
    scene.monkeypatch.setattr(Brightness, "has_attributes", True)
    said = Reading(33.0, (4.0, -4.0, 4.0, -4.0, 4.0, 2.0))
    scene.monkeypatch.setattr(Brightness, "read", lambda net, crop: said)
    (person,) = played(settings, scene).screens[0].persons[-1]
    return person.gender, person.glasses, person.cover


def work(settings, scene):
    """Looks for faces, and ages read after each."""
    kiosk = played(settings, scene, frames=150, boxes=(ANNA, BERT, CARL, DORA), age=0.004)
    return kiosk.faces.looks, kiosk.faces.ages


def last_picture(settings, scene):
    return played(settings, scene).screens[0].images[-1].tobytes()


def door(settings, scene):
    return page_of_the_notice(settings)


def empty_scene(settings, scene):
    return played(settings, scene, boxes=()).screens[0].images[-1].tobytes()


def events(settings, scene):
    """How long the events' files are, in lines, after 4 s and 2 MiB of notices."""
    if settings.events.to:
        name = f"{settings.events.every_s}-{settings.events.max_mib}"
        settings = changed(settings, events={"to": str(scene.folder / name)})

    def change(kiosk, index):
        if index % 10 == 0:
            kiosk.say("-" * 200_000)
            kiosk.run.events.flush(20.0)

    played(settings, scene, change)
    found = sorted(scene.folder.glob(f"{settings.events.every_s}-{settings.events.max_mib}*"))
    return [path.read_text().count("\n") for path in found]


def log(settings, scene):
    """Whether a message of normal life comes to standard error, to a file, or nowhere."""
    path = scene.folder / "log"
    settings = changed(settings, log={"to": str(path) if settings.log.to else ""})
    with logs.logging_to_stderr() as handler:
        logs.follow(settings.log)
        logging.getLogger("device.test").info("all is well")
        handler.flush()
        return logging.getLogger().level, path.exists() and "all is well" in path.read_text()


def level(settings, scene):
    def change(kiosk, index):
        kiosk.world.celsius = 75.0

    return played(settings, scene, change).run.load.level


def health(settings, scene):
    """The status after two seconds without a result."""
    kiosk = Kiosk(scene.monkeypatch, settings)
    try:
        kiosk.open()
        kiosk.clock.now += 2.0
        return kiosk.run.health.report()["status"]
    finally:
        scene.monkeypatch.undo()
        kiosk.close()


def outputs(settings, scene):
    opened = open_outputs(settings, (320, 240), 30.0, lambda text: None, lambda: None)
    for output in opened:
        output.close()
    return [output.name for output in opened]


def refusal(settings, scene):
    """Why the page cannot be opened: two TLS files of which one is missing, or that are not there."""
    with pytest.raises(ConfigError) as refused:
        outputs(settings, scene)
    return str(refused.value)


def window(settings, scene):
    asked = []
    screen = SimpleNamespace(close=lambda: None)
    scene.monkeypatch.setattr(
        "device.outputs.window._connected", lambda *given: asked.append(given) or screen
    )
    return outputs(settings, scene), asked


def page(settings, scene):
    """What a viewer gets: the status under a name, the picture's size and bytes, and how many may watch."""
    scene.monkeypatch.setattr("device.outputs.web.output.parsed", lambda address: ("127.0.0.1", 0))
    (opened,) = open_outputs(settings, (320, 240), 30.0, lambda text: None, lambda: None)
    web = opened._output
    try:
        connection = http.client.HTTPConnection(*web._server.address, timeout=20)
        connection.request("GET", "/", headers={"Host": "kiosk.example"})
        status = connection.getresponse().status
        connection.close()
        noise = np.random.default_rng(1).integers(0, 256, (240, 320, 3), np.uint8)
        with web._feed.watching("picture"):
            opened.show(noise, [], 0.0)
            _, jpeg = web._feed.after("picture", 0, 20.0)
        shape = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR).shape
        return status, shape, len(jpeg), web._feed._interval, web._server._live._free
    finally:
        opened.close()


def interfaces(settings, scene):
    """What other programs get of one person in view: the statuses, how many there are, and their boxes."""
    scene.monkeypatch.setattr("device.outputs.web.output.parsed", lambda address: ("127.0.0.1", 0))
    telemetry = seen_for_a_while(settings)
    web = Web("", (320, 240), settings, lambda text: None, lambda: {"status": "ok"}, telemetry)
    try:
        connection = http.client.HTTPConnection(*web._server.address, timeout=20)
        answers = []
        for path in ("/api/v1/now", "/metrics"):
            connection.request("GET", path)
            answer = connection.getresponse()
            answers.append((answer.status, answer.read()))
        connection.close()
        now = json.loads(answers[0][1]) if answers[0][0] == 200 else {}
        boxes = ["box" in track for track in now.get("tracks", [])]
        return [status for status, _ in answers], now.get("people"), boxes
    finally:
        web.close()


def broker(settings, scene):
    """What is asked of an MQTT client, in order, until one round of news is sent."""
    asked = []

    class Client:
        def __init__(self, version, client_id):
            self.is_connected = lambda: True

        def __getattr__(self, name):
            return lambda *given, **named: asked.append((name, given, named)) or SimpleNamespace(rc=0)

    if not settings.mqtt.host:
        return asked
    scene.monkeypatch.setattr("device.events.mqtt_broker.paho.Client", Client)
    scene.monkeypatch.setattr("device.events.mqtt.EVERY_S", 60.0)
    scene.monkeypatch.setattr("device.events.mqtt.JOIN_S", 0.0)
    password = scene.folder / "password"
    password.write_text("secret")
    password.chmod(0o600)
    publisher = Publisher(settings, seen_for_a_while(settings))
    publisher._greet.set()
    publisher._look()
    publisher._closing.set()
    return [(name, [_untimed(one) for one in given], named) for name, given, named in asked]


def _untimed(value):
    return len(value) if isinstance(value, str) and value.startswith("{") else value


def seen_for_a_while(settings):
    """The telemetry of one person who came and left."""
    now, face = [0.0], Person(1, ANNA, 0.9, None, 30.0, (26.0, 34.0), "25–34", "settled", yaw=0.0)
    audience = Audience(settings, clock=lambda: now[0], wall=lambda: now[0])
    for index in range(100):
        now[0] = index / 10
        audience.record(index, now[0], [face] if index < 20 or index > 80 else [])
    return Telemetry(audience, Messages(audience, settings), dict, dict, LiveSettings(settings))


def fits(settings, scene):
    kiosk = Kiosk(scene.monkeypatch, settings)
    kiosk.screens = [Screen()]
    broken = "device.app.application.open_networks"
    scene.monkeypatch.setattr(broken, lambda settings: (_ for _ in ()).throw(KeyError()))
    try:
        Run(settings, kiosk.stopping, kiosk.closing)
    except (ConfigError, KeyError) as reason:
        return type(reason).__name__
    finally:
        kiosk.close()


# --- the table

DEMO = {"source.use": "demo"}
SMALL = {"source.use": "demo", "camera.width": 320, "camera.height": 240}
PAGE = {"output.use": ["web"]}
API = PAGE | {"api.enabled": True}
MQTT = {"mqtt.host": "broker.example"}
LOG = {"events.to": "file"}
OFTEN = {"schedule.settled_every_s": 0.1}

EFFECTS = {
    "source.use": Effect("demo:2", source, DEMO),
    "source.pace": Effect("fast", kind_of_capture, SMALL),
    "source.loop": Effect(True, frames_of_a_folder),
    "camera.width": Effect(320, source, DEMO),
    "camera.height": Effect(240, source, DEMO),
    "camera.rotate": Effect(90, source, DEMO),
    "camera.flip": Effect(True, pixels_of_a_folder),
    "camera.fps": Effect(15.0, source, DEMO),
    "camera.buffers": Effect(6, ring),
    "camera.timeout_s": Effect(1.0, ring),
    "camera.retry_s": Effect(0.7, pauses),
    "camera.retry_max_s": Effect(3.0, pauses),
    "camera.give_up_s": Effect(5.0, pauses),
    "detector.range": Effect("full", networks),
    "detector.network": Effect("int8", networks),
    "detector.min_score": Effect(0.6, networks),
    "detector.threads": Effect(2, networks),
    "detector.refine": Effect(True, networks),
    "age.model": Effect("age-wide", networks),
    "age.interpreter": Effect("tflite_runtime", networks),
    "age.gender": Effect(True, words),
    "age.glasses": Effect(True, words),
    "age.cover": Effect(True, words),
    "tracker.max_tracks": Effect(1, people),
    "tracker.init_hits": Effect(5, people),
    "tracker.init_score": Effect(0.7, people, {"detector.range": "full"}),
    "tracker.coast_s": Effect(0.2, people),
    "tracker.max_lost_s": Effect(0.5, people),
    "tracker.ignore": Effect("0 0 0.3 1", people),
    "tracker.still_minutes": Effect(1 / 60, people),
    "smoother.show_within": Effect(2.0, ages, OFTEN),
    "smoother.settle_within": Effect(0.5, ages, OFTEN),
    "smoother.settle_s": Effect(2.0, ages, OFTEN),
    "smoother.hold": Effect(0.5, ages, OFTEN),
    "smoother.bands": Effect((30, 33, 60), ages, OFTEN),
    "smoother.band_margin": Effect(0.0, ages, OFTEN | {"smoother.hold": 0.1}),
    "smoother.unsure_beyond": Effect(1.0, ages),
    "schedule.frame_budget_ms": Effect(8.0, work),
    "schedule.detect_every": Effect(4, work),
    "schedule.settled_every_s": Effect(0.1, work),
    "overlay.show": Effect("band", last_picture),
    "overlay.status": Effect(False, last_picture),
    "overlay.language": Effect("ja", last_picture),
    "overlay.privacy": Effect("silhouette", last_picture),
    "overlay.attract_s": Effect(1.0, empty_scene),
    "notice.who": Effect("Kiosk Ltd", door),
    "notice.why": Effect("To choose what is shown.", door),
    "notice.rights": Effect("rights@example.org", door),
    "notice.more": Effect("https://example.org/camera", door),
    "screen.rotate": Effect(180, last_picture),
    "screen.mirror": Effect(True, last_picture),
    "output.use": Effect(["none"], outputs, {"output.use": ["file:{folder}/pictures"]}),
    "window.fullscreen": Effect(True, window, {"output.use": ["window"]}),
    "web.token": Effect(TOKEN, page, PAGE | {"web.allowed_hosts": ["kiosk.example"]}),
    "web.certificate": Effect("cert.pem", refusal, PAGE | {"web.key": "key.pem"}),
    "web.key": Effect("key.pem", refusal, PAGE | {"web.certificate": "cert.pem"}),
    "web.allowed_hosts": Effect(["kiosk.example"], page, PAGE),
    "web.viewers": Effect(2, page, PAGE),
    "web.fps": Effect(5.0, page, PAGE),
    "web.width": Effect(160, page, PAGE),
    "web.quality": Effect(40, page, PAGE),
    "events.to": Effect("file", events),
    "events.every_s": Effect(2.0, events, LOG),
    "events.max_mib": Effect(1, events, LOG),
    "api.enabled": Effect(True, interfaces, PAGE),
    "api.boxes": Effect(True, interfaces, API),
    "api.min_people": Effect(2, interfaces, API),
    "metrics.enabled": Effect(True, interfaces, PAGE),
    "mqtt.host": Effect("other.example", broker, MQTT),
    "mqtt.port": Effect(8883, broker, MQTT),
    "mqtt.username": Effect("kiosk", broker, MQTT),
    "mqtt.password_file": Effect("{folder}/password", broker, MQTT | {"mqtt.username": "kiosk"}),
    "mqtt.tls": Effect(True, broker, MQTT),
    "mqtt.ca_file": Effect("ca.pem", broker, MQTT | {"mqtt.tls": True}),
    "mqtt.topic": Effect("site/7", broker, MQTT),
    "mqtt.discovery": Effect("", broker, MQTT),
    "mqtt.visits": Effect(True, broker, MQTT),
    "limits.memory_mib": Effect(48, fits, {"detector.range": "full"}),
    "log.level": Effect("warning", log),
    "log.to": Effect("file", log),
    "limits.hot_c": Effect(70.0, level),
    "limits.vision_timeout_s": Effect(1.0, health),
}

WITHOUT = {}  # a setting and the reason why nothing can be seen of it here


def test_every_setting_stands_in_the_table():
    assert EFFECTS.keys() | WITHOUT.keys() == BY_NAME.keys()


@pytest.mark.parametrize("name", EFFECTS)
def test_another_value_changes_something(name, tmp_path):
    value, seen, under = EFFECTS[name]
    if "interpreter" in name:
        pytest.importorskip(value)
    (tmp_path / "one").mkdir()
    picture = np.zeros((6, 8, 3), np.uint8)
    picture[0, 0] = 255
    cv2.imwrite(str(tmp_path / "one" / "a.png"), picture)
    before, after = (_seen(seen, BASE | under | other, tmp_path) for other in ({}, {name: value}))
    assert before != after


def _seen(seen, values, folder):
    values = {name: _in(folder, value) for name, value in values.items()}
    settings = load(None, [(BY_NAME[name], value) for name, value in values.items()])
    with pytest.MonkeyPatch.context() as monkeypatch:
        return seen(settings, Scene(monkeypatch, folder))


def _in(folder, value):
    if isinstance(value, str):
        return value.replace("{folder}", str(folder))
    strings = isinstance(value, list)
    return tuple(text.replace("{folder}", str(folder)) for text in value) if strings else value
