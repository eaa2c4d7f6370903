"""An audience fed by hand: persons in frames of an eighth of a second, on a clock of its own."""

from device.audience.audience import Audience
from device.audience.messages import Messages
from device.audience.telemetry import Telemetry
from device.box import Box
from device.config.live import LiveSettings
from device.config.loader import changed, defaults
from device.person import Person

STEP = 0.125  # seconds between two frames; of the binary fractions, so that sums are exact
BOX = Box(10.0, 20.0, 30.0, 40.0)
LABELS = ("0–12", "13–17", "18–24", "25–34", "35–44", "45–54", "55–64", "65+", "unknown")


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def settings(**sections):
    return changed(defaults(), **sections)


def person(number=1, yaw=0.0, age=None, band=None, state="finding", **words):
    interval = None if age is None else (age - 4.0, age + 4.0)
    return Person(number, BOX, 0.9, None, age, interval, band, state, yaw=yaw, **words)


ATTRIBUTES = dict.fromkeys(("gender", "glasses", "cover"), True)  # of the section `age`
ADULT = {"age": 30.0, "band": "25–34", "state": "settled"}


class Film:
    """Plays persons to an audience, a frame every STEP; nobody, for `seconds`, with `wait`."""

    def __init__(self, **sections):
        self.clock, self.t, self.rows, self.well = Clock(), 0.0, [], True
        self.settings = settings(**sections)
        self.audience = Audience(self.settings, lambda: self.well, self.clock, self.clock)
        self.messages = Messages(self.audience, self.settings)

    def frame(self, *persons):
        self.clock.now = self.t
        self.audience.record(0, self.t, list(persons))
        tracks = [{"id": p.id, "yaw": p.yaw, "state": p.state, "band": p.band} for p in persons]
        self.rows.append({"t": self.t, "tracks": tracks})
        self.t += STEP
        return self

    def play(self, seconds, *persons):
        for _ in range(round(seconds / STEP)):
            self.frame(*persons)
        return self

    @property
    def telemetry(self):
        """As the interfaces get it, with one stage and one loss."""
        stages, live = {"frame": {"p50": 1.5, "p95": 2.5}}, LiveSettings(self.settings)
        return Telemetry(self.audience, self.messages, lambda: stages, lambda: {"mqtt": 3}, live)

    @property
    def hour(self):
        first, last = self.audience.minutes[0], self.audience.snapshot
        return self.messages.window(first.wall, first.mark, last.wall, last.mark)

    @property
    def now(self):
        return self.messages.now(self.audience.snapshot)
