"""Every setting of the device, described once.

From this table come the validation of the configuration file, the commented
example (`device/config.example.toml`) and the command line's options
(`device/config.py`). A setting's type is its default's type; `allowed` is
(lowest, highest) for numbers and the permitted words for texts, empty when
anything goes. `help` is written for the technician who stands before the kiosk.
"""

from __future__ import annotations

from typing import NamedTuple

Value = str | int | float | bool | list


class Key(NamedTuple):
    """One setting: where it stands in the file, its default, what is allowed, and what it does."""

    section: str
    name: str
    default: Value
    allowed: tuple
    unit: str
    help: str
    flag: str = ""  # the option's name on the command line, where it is not --section-name

    @property
    def option(self) -> str:
        """The command line's name of this setting, such as `--camera-buffers`."""
        return self.flag or f"--{self.section}-{self.name}".replace("_", "-")


SECTIONS = {
    "source": "Where frames come from.",
    "camera": "How a camera is set up, and what happens when it fails.",
    "detector": "Finding faces.",
    "age": "Estimating ages.",
    "tracker": "Following each face from frame to frame.",
    "smoother": "From single estimates to one steady age.",
    "schedule": "How the milliseconds of a frame are spent.",
    "overlay": "What is drawn on the picture.",
    "output": "Where the picture goes.",
    "window": "The window that `output = [\"window\"]` opens.",
    "web": "The page that `output = [\"web\"]` serves.",
    "events": "One line of JSON a face and second, for other programs. Never pictures.",
    "limits": "What the program may take of the machine.",
}

KEYS = (
    Key("source", "use", "auto", (), "",
        "picamera2[:N], v4l2:/dev/videoN, file:CLIP, images:FOLDER, demo[:N]; auto: the first that works",
        "--source"),
    Key("source", "pace", "real", ("real", "fast"), "",
        "clips and folders: real plays at their own speed and drops late frames, fast takes every frame",
        "--pace"),
    Key("source", "loop", False, (), "", "clips and folders: begin again at the end", "--loop"),

    Key("camera", "width", 640, (160, 1920), "pixels", "width of the picture", "--width"),
    Key("camera", "height", 480, (120, 1080), "pixels", "height of the picture", "--height"),
    Key("camera", "fps", 30.0, (1.0, 120.0), "frames a second", "frame rate asked of the camera", "--fps"),
    Key("camera", "buffers", 4, (3, 16), "frames", "frames kept in memory; more do not make it faster"),
    Key("camera", "timeout_s", 2.0, (0.2, 30.0), "seconds",
        "no frame for so long means that the camera stalled"),
    Key("camera", "retry_s", 0.5, (0.1, 10.0), "seconds",
        "wait before the first try to open it again; doubles each time"),
    Key("camera", "retry_longest_s", 30.0, (1.0, 600.0), "seconds", "longest wait between two tries"),
    Key("camera", "give_up_s", 0.0, (0.0, 86400.0), "seconds",
        "leave with status 3 after so long without a frame; 0 never gives up on a camera that worked once"),

    Key("detector", "range", "short", ("short", "full"), "",
        "short sees faces up to 2 m away, for kiosks; full up to 5 m, for signs, at three times the cost",
        "--detector"),
    Key("detector", "min_score", 0.4, (0.1, 0.95), "0 to 1", "lower finds more faces and more that are none"),
    Key("detector", "threads", 1, (1, 4), "threads", "processor cores that the detector may use"),

    Key("age", "model", "age", ("age", "age-wide"), "",
        "age is the small and fast network, age-wide the more exact one"),
    Key("age", "interpreter", "auto", ("auto", "ai_edge_litert", "tflite_runtime"), "",
        "the library that runs the networks; auto takes the first that is installed", "--interpreter"),

    Key("tracker", "max_tracks", 16, (1, 32), "faces", "faces followed at once; more are not seen"),
    Key("tracker", "birth_hits", 2, (1, 10), "detections", "a face counts after so many detections"),
    Key("tracker", "birth_score", 0.5, (0.1, 0.95), "0 to 1",
        "how sure the full-range detector must be of a new face; short takes a close-up instead"),
    Key("tracker", "survive_s", 0.7, (0.1, 5.0), "seconds",
        "a face hidden for less stays on the picture, where it is expected"),
    Key("tracker", "refind_s", 3.0, (0.1, 30.0), "seconds",
        "a face back after less, where it is expected, is still the same face"),

    Key("smoother", "show_within", 8.0, (0.5, 30.0), "years",
        "an age is shown once further looks should not move it by more"),
    Key("smoother", "settle_within", 4.0, (0.5, 30.0), "years",
        "an age counts as settled once further looks should not move it by more"),
    Key("smoother", "settle_s", 0.7, (0.0, 10.0), "seconds",
        "and once the face was looked at for so long; longer is steadier and a little more right"),
    Key("smoother", "hold", 5.0, (0.0, 20.0), "years",
        "a settled age stays as it is until the estimate is this far from it"),
    Key("smoother", "bands", [13, 18, 25, 35, 45, 55, 65], (1, 100), "years",
        "the age at which each band begins; the first band begins at 0"),
    Key("smoother", "band_margin", 1.0, (0.0, 10.0), "years",
        "a band stays until the age is this far outside it"),

    Key("schedule", "frame_budget_ms", 0.0, (0.0, 1000.0), "milliseconds",
        "time a frame may take; 0 takes the time between two frames", "--frame-budget-ms"),
    Key("schedule", "detect_every", 4, (1, 30), "frames",
        "look for faces on every n-th frame while all are steady; on every frame while one is new or fast",
        "--detect-every"),
    Key("schedule", "settled_every_s", 0.5, (0.0, 60.0), "seconds",
        "how often the age of a settled face is looked at again; 0 on every frame"),

    Key("overlay", "show", "age", ("age", "band"), "",
        "age shows a number with its spread, band shows a range of years such as 25–34", "--show"),
    Key("overlay", "status", True, (), "", "show the number of people, frames a second and notices"),

    Key("output", "use", ["auto"], (), "",
        "window, web, file:OUT.mp4, file:FOLDER, none; several at once; auto: window, or web if no screen",
        "--output"),

    Key("window", "fullscreen", False, (), "", "fill the screen; q or Esc ends the program", "--fullscreen"),

    Key("web", "token", "", (), "",
        "password of the page, 16 letters or more; must be given when others than this machine may connect"),
    Key("web", "names", ["localhost"], (), "",
        "names under which browsers may ask for the page, beside addresses and this machine's own name"),
    Key("web", "viewers", 4, (1, 32), "pages", "watched at once"),
    Key("web", "fps", 15.0, (1.0, 60.0), "pictures a second", "the most that the page gets"),
    Key("web", "width", 1280, (160, 1920), "pixels", "wider pictures are made smaller for the page"),
    Key("web", "quality", 80, (30, 95), "per cent", "of the page's JPEG pictures; lower needs less network"),

    Key("events", "to", "", (), "", "a file, or - for the standard output; empty for none", "--events"),
    Key("events", "every_s", 1.0, (1.0, 3600.0), "seconds", "at most one line a face in so many seconds"),
    Key("events", "max_mib", 16, (1, 1024), "MiB", "a longer file is renamed to FILE.1, and a new one begun"),

    Key("limits", "memory_mib", 128, (48, 4096), "MiB", "memory of the whole process", "--memory-mib"),
    Key("limits", "hot_c", 80.0, (40.0, 105.0), "°C", "at this temperature of the processor less is done"),
)
