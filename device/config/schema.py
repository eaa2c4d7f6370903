"""Every setting of the device, described once: its type, default, range, unit and help.

Each section is a frozen dataclass, and `Settings` holds them all. `device/config/keys.py`
reads the fields off as data: from them come the validation of the configuration file, the commented example
and the command line's options. A field's annotation is its type; `Literal` lists the words that are allowed.
`help` is written for the technician who stands before the kiosk.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeVar

T = TypeVar("T")


def setting(
    default: T,
    help: str,
    *,
    span: tuple[float, float] | tuple[()] = (),
    unit: str = "",
    option: str = "",
    was: str = "",
) -> T:
    """A field: its default, what it does, the (lowest, highest) number allowed and its unit.

    `option` is its name on the command line where that is not --section-name; `was` is the key's name in the
    version before, which is still understood, with a warning.
    """
    facts = {"help": help, "span": span, "unit": unit, "option": option, "was": was}
    made: T = field(default=default, metadata=facts)
    return made


@dataclass(frozen=True, slots=True)
class SourceSettings:
    """Where frames come from."""

    use: str = setting(
        "auto",
        "camera waits for one; auto takes one or shows the demo; picamera2[:N], v4l2:/dev/videoN, file:CLIP,"
        " images:FOLDER, demo[:N]",
        option="--source",
    )
    pace: Literal["real", "fast"] = setting(
        "real",
        "clips and folders: real plays at their own speed and drops late frames, fast takes every frame",
        option="--pace",
    )
    loop: bool = setting(False, "clips and folders: begin again at the end", option="--loop")


@dataclass(frozen=True, slots=True)
class CameraSettings:
    """How a camera is set up, and what happens when it fails."""

    width: int = setting(640, "width of the picture", span=(160, 1920), unit="pixels", option="--width")
    height: int = setting(480, "height of the picture", span=(120, 1080), unit="pixels", option="--height")
    fps: float = setting(
        30.0, "frame rate asked of the camera", span=(1.0, 120.0), unit="frames a second", option="--fps"
    )
    buffers: int = setting(
        4, "frames kept in memory; more do not make it faster", span=(3, 16), unit="frames"
    )
    timeout_s: float = setting(
        2.0, "no frame for so long means that the camera stalled", span=(0.2, 30.0), unit="seconds"
    )
    retry_s: float = setting(
        0.5,
        "wait before the first tries to open it again; later a tenth of the time that it was away",
        span=(0.1, 10.0),
        unit="seconds",
    )
    retry_max_s: float = setting(
        30.0, "longest wait between two tries", span=(1.0, 600.0), unit="seconds", was="retry_longest_s"
    )
    give_up_s: float = setting(
        0.0,
        "leave with status 3 after so long without a frame; 0 never gives up on a camera that worked once",
        span=(0.0, 86400.0),
        unit="seconds",
    )
    rotate: Literal[0, 90, 180, 270] = setting(
        0,
        "turn the camera's picture clockwise, for a camera mounted sideways or overhead; doctor says how",
        unit="degrees",
        option="--rotate",
    )
    flip: bool = setting(False, "mirror the camera's picture, for a camera that looks into a mirror")


@dataclass(frozen=True, slots=True)
class DetectorSettings:
    """Finding faces."""

    range: Literal["short", "full"] = setting(
        "short",
        "short sees faces up to 2 m away, for kiosks; full up to 5 m, for signs, at three times the cost",
        option="--detector",
    )
    network: Literal["float", "int8"] = setting(
        "float",
        "float finds near faces by BlazeFace as published, int8 by our network that learnt from it: faster,"
        " and better in bad light",
    )
    min_score: float = setting(
        0.4, "lower finds more faces and more that are none", span=(0.1, 0.95), unit="0 to 1"
    )
    threads: int = setting(1, "processor cores that the detector may use", span=(1, 4), unit="threads")
    refine: bool = setting(
        False,
        "place ages by the refiner in place of close-ups: a further face costs half as much, and those unlike"
        " the faces that it learnt from are placed worse",
    )

    @property
    def kind(self) -> str:
        """The detector's, as `device.faces.detector.KINDS` calls it."""
        return "short-int8" if (self.range, self.network) == ("short", "int8") else self.range


@dataclass(frozen=True, slots=True)
class AgeSettings:
    """Estimating ages."""

    model: Literal["age", "age-wide"] = setting(
        "age", "age is the small and fast network, age-wide the larger one"
    )
    interpreter: Literal["auto", "ai_edge_litert", "tflite_runtime"] = setting(
        "auto",
        "the library that runs the networks; auto takes the first that is installed",
        option="--interpreter",
    )
    gender: bool = setting(False, "tell the gender: female, male or unsure; models/README.md says how well")
    glasses: bool = setting(False, "tell dark glasses: dark, none or unsure; clear ones count as none")
    cover: bool = setting(False, "tell whether something covers mouth and nose: none, mouth or unsure")


@dataclass(frozen=True, slots=True)
class TrackerSettings:
    """Following each face from frame to frame."""

    max_tracks: int = setting(16, "faces followed at once; more are not seen", span=(1, 32), unit="faces")
    init_hits: int = setting(
        2, "a face counts after so many detections", span=(1, 10), unit="detections", was="birth_hits"
    )
    init_score: float = setting(
        0.5,
        "how sure the full-range detector must be of a new face; short takes a close-up instead",
        span=(0.1, 0.95),
        unit="0 to 1",
        was="birth_score",
    )
    coast_s: float = setting(
        0.7,
        "a face hidden for less stays on the picture, where it is expected",
        span=(0.1, 5.0),
        unit="seconds",
        was="survive_s",
    )
    max_lost_s: float = setting(
        3.0,
        "a face back after less, where it is expected, is still the same face",
        span=(0.1, 30.0),
        unit="seconds",
        was="refind_s",
    )
    ignore: str = setting(
        "",
        "parts of the picture whose faces are left out, in fractions of it from the upper left, separated by"
        " semicolons: boxes (left top right bottom) or polygons (x y x y x y and so on)",
    )
    still_minutes: float = setting(
        10.0,
        "a face that does not move for so long is a poster's or a mannequin's, and left out; 0 leaves none",
        span=(0.0, 1440.0),
        unit="minutes",
    )


@dataclass(frozen=True, slots=True)
class SmootherSettings:
    """From single estimates to one steady age."""

    show_within: float = setting(
        8.0,
        "an age is shown once further estimates should not move it by more",
        span=(0.5, 30.0),
        unit="years",
    )
    settle_within: float = setting(
        4.0,
        "an age counts as settled once further estimates should not move it by more",
        span=(0.5, 30.0),
        unit="years",
    )
    settle_s: float = setting(
        0.7,
        "and once the face was estimated for so long; longer is steadier and a little more right",
        span=(0.0, 10.0),
        unit="seconds",
    )
    hold: float = setting(
        5.0,
        "a settled age stays as it is until the estimate is this far from it",
        span=(0.0, 20.0),
        unit="years",
    )
    bands: tuple[int, ...] = setting(
        (13, 18, 25, 35, 45, 55, 65),
        "the age at which each band begins; the first band begins at 0",
        span=(1, 100),
        unit="years",
    )
    band_margin: float = setting(
        1.0, "a band stays until the age is this far outside it", span=(0.0, 10.0), unit="years"
    )
    unsure_beyond: float = setting(
        18.0,
        'the band is "unsure", and counts as unknown, where the age may be off by more, as under many a mask',
        span=(1.0, 60.0),
        unit="years",
    )


@dataclass(frozen=True, slots=True)
class ScheduleSettings:
    """How the milliseconds of a frame are spent."""

    frame_budget_ms: float = setting(
        0.0,
        "time a frame may take; 0 takes the time between two frames",
        span=(0.0, 1000.0),
        unit="milliseconds",
        option="--frame-budget-ms",
    )
    detect_every: int = setting(
        4,
        "detect faces on every n-th frame while all are steady; on every frame while one is new or fast",
        span=(1, 30),
        unit="frames",
        option="--detect-every",
    )
    settled_every_s: float = setting(
        0.5,
        "how often the age of a settled face is estimated again; 0 on every frame",
        span=(0.0, 60.0),
        unit="seconds",
    )


@dataclass(frozen=True, slots=True)
class OverlaySettings:
    """What is drawn on the picture."""

    show: Literal["age", "band"] = setting(
        "age",
        "age shows a number with its spread, band shows a range of years such as 25–34",
        option="--show",
    )
    status: bool = setting(True, "show the number of people, frames a second and notices")
    language: Literal["en", "de", "fr", "es", "ja"] = setting(
        "en", "of what the picture says: English, German, French, Spanish or Japanese", option="--language"
    )
    privacy: Literal["off", "blur", "silhouette"] = setting(
        "off",
        "what every output gets to see: with blur no face that is found, with silhouette only outlines of"
        " people on a plain stage",
        option="--privacy",
    )
    attract_s: float = setting(
        10.0,
        "after so long with nobody in view, the screen invites those who pass by; 0 never",
        span=(0.0, 3600.0),
        unit="seconds",
    )


@dataclass(frozen=True, slots=True)
class ScreenSettings:
    """How the picture stands on the screen, and in everything else that shows or records it."""

    rotate: Literal[0, 90, 180, 270] = setting(
        0, "turn the picture and its text clockwise, for a screen that hangs turned", unit="degrees"
    )
    mirror: bool = setting(False, "show people as a mirror would; text stays readable")


@dataclass(frozen=True, slots=True)
class NoticeSettings:
    """What the notice for the door says (python -m device notice). Give what you say in your own words."""

    who: str = setting("", "who is responsible for the camera: name, address, e-mail")
    why: str = setting("", "what the estimates are for; empty: to show them on the screen")
    rights: str = setting("", "where people may claim their rights; empty: the same as notice.who")
    more: str = setting("", "where there is more to read: an address on the web, or a place")


@dataclass(frozen=True, slots=True)
class OutputSettings:
    """Where the picture goes."""

    use: tuple[str, ...] = setting(
        ("auto",),
        "window, drm, fb, web, file:OUT.mp4, file:FOLDER, none; several at once; auto: window, or web "
        "if no desktop",
        option="--output",
    )


@dataclass(frozen=True, slots=True)
class WindowSettings:
    """The window that `output = ["window"]` opens."""

    fullscreen: bool = setting(False, "fill the screen; q or Esc ends the program", option="--fullscreen")


@dataclass(frozen=True, slots=True)
class WebSettings:
    """The page that `output = ["web"]` serves."""

    token: str = setting(
        "",
        "password of the page, 16 letters or more (python -m device token prints a good one); must be given "
        "when others than this machine may connect",
    )
    certificate: str = setting(
        "", "PEM file of the page's TLS certificate, with the chain; together with web.key the page is https"
    )
    key: str = setting("", "PEM file of the certificate's key, without a password")
    allowed_hosts: tuple[str, ...] = setting(
        ("localhost",),
        "names under which browsers may ask for the page, beside addresses and this machine's own name",
        was="names",
    )
    viewers: int = setting(4, "watched at once", span=(1, 32), unit="pages")
    fps: float = setting(15.0, "the most that the page gets", span=(1.0, 60.0), unit="pictures a second")
    width: int = setting(
        1280, "wider pictures are made smaller for the page", span=(160, 1920), unit="pixels"
    )
    quality: int = setting(
        80, "of the page's JPEG pictures; lower needs less network", span=(30, 95), unit="per cent"
    )


@dataclass(frozen=True, slots=True)
class EventsSettings:
    """One line of JSON a face and second, for other programs. Never pictures."""

    to: str = setting("", "a file, or - for standard output; empty for none", option="--events")
    every_s: float = setting(
        1.0, "at most one line a face in so many seconds", span=(1.0, 3600.0), unit="seconds"
    )
    max_mib: int = setting(
        16, "a longer file is renamed to FILE.1, and a new one begun", span=(1, 1024), unit="MiB"
    )


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """Numbers of the audience over HTTP, on the page's port and under its token. Never pictures."""

    enabled: bool = setting(False, "answer /api/v1/now, /api/v1/events and /api/v1/play")
    boxes: bool = setting(False, "tell where in the picture each face is")
    min_people: int = setting(
        0,
        "hold back, in all interfaces, the numbers of fewer people, and with 2 or more single visits as well",
        span=(0, 1000),
        unit="people",
    )


@dataclass(frozen=True, slots=True)
class MetricsSettings:
    """Figures for Prometheus, on the page's port and under its token."""

    enabled: bool = setting(False, "answer /metrics")


@dataclass(frozen=True, slots=True)
class MqttSettings:
    """The audience's numbers for an MQTT broker, such as Home Assistant's. Never pictures."""

    host: str = setting("", "name or address of the broker; empty for none")
    port: int = setting(1883, "the broker's; with TLS usually 8883", span=(1, 65535), unit="port")
    username: str = setting("", "empty where the broker asks for none")
    password_file: str = setting(
        "", "file that holds the password and nothing else, readable by its owner alone (mode 0600)"
    )
    tls: bool = setting(False, "encrypt, and check the broker's certificate")
    ca_file: str = setting(
        "", "PEM file of who signed the broker's certificate; empty for the system's own list"
    )
    topic: str = setting("", "what its topics begin with; empty for kiosk/ and this machine's name")
    discovery: str = setting(
        "homeassistant", "where Home Assistant looks for new devices; empty tells it nothing"
    )
    visits: bool = setting(False, "a message for each visit that is over, beside the minute's numbers")


@dataclass(frozen=True, slots=True)
class LogSettings:
    """What the program tells people, a line a message."""

    level: Literal["debug", "info", "warning", "error"] = setting(
        "info", "messages of less weight are left out", option="--log-level"
    )
    to: str = setting(
        "",
        "a file, renamed to FILE.1 at 16 MiB; empty for standard error (under systemd, the journal)",
        option="--log",
    )


@dataclass(frozen=True, slots=True)
class LimitsSettings:
    """What the program may take of the machine."""

    memory_mib: int = setting(
        128, "memory of the whole process", span=(48, 4096), unit="MiB", option="--memory-mib"
    )
    hot_c: float = setting(
        80.0, "at this temperature of the processor less is done", span=(40.0, 105.0), unit="°C"
    )
    vision_timeout_s: float = setting(
        10.0,
        "no ages for so long is reported as down; a frame that takes so long ends the program with status 75",
        span=(1.0, 600.0),
        unit="seconds",
    )


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings, as `settings.section.name`."""

    source: SourceSettings = SourceSettings()
    camera: CameraSettings = CameraSettings()
    detector: DetectorSettings = DetectorSettings()
    age: AgeSettings = AgeSettings()
    tracker: TrackerSettings = TrackerSettings()
    smoother: SmootherSettings = SmootherSettings()
    schedule: ScheduleSettings = ScheduleSettings()
    overlay: OverlaySettings = OverlaySettings()
    screen: ScreenSettings = ScreenSettings()
    notice: NoticeSettings = NoticeSettings()
    output: OutputSettings = OutputSettings()
    window: WindowSettings = WindowSettings()
    web: WebSettings = WebSettings()
    events: EventsSettings = EventsSettings()
    api: ApiSettings = ApiSettings()
    metrics: MetricsSettings = MetricsSettings()
    mqtt: MqttSettings = MqttSettings()
    log: LogSettings = LogSettings()
    limits: LimitsSettings = LimitsSettings()
