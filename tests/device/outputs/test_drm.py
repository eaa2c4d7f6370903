"""`--output drm` against a kernel that is a few lines of Python; the real one is in tests/vm."""

import contextlib
import errno
import threading

import numpy as np
import pytest

from device.errors import ConfigError
from device.outputs import own_thread
from device.outputs.drm import card, output, sockets, uapi
from device.outputs.drm.card import Card, Screen, Taken, best_mode
from device.outputs.drm.output import Drm
from device.outputs.drm.sockets import Socket, connected
from device.outputs.open import Request
from tests.device.outputs.fake_kernel import FakeKernel, mode

ORANGE = (40, 120, 200)  # blue, green, red
PIXEL = bytes((*ORANGE, 255))
BLACK = bytes(4)


@pytest.fixture
def kernel(tmp_path, monkeypatch):
    made = FakeKernel(tmp_path / "card0")
    monkeypatch.setattr(uapi.fcntl, "ioctl", made.ioctl)
    return made


@pytest.fixture
def sysfs(tmp_path):
    folder = tmp_path / "sys"
    for name in ("card0-HDMI-A-1", "card0-HDMI-A-2", "card0-Writeback-1", "renderD128"):
        (folder / name).mkdir(parents=True)
    plug(folder, "HDMI-A-1", "connected")
    plug(folder, "HDMI-A-2", "disconnected")
    plug(folder, "Writeback-1", "unknown")
    return folder


def plug(sysfs, name, status):
    (sysfs / f"card0-{name}" / "status").write_text(status + "\n")


def until(condition):
    for _ in range(2000):
        if condition():
            return
        threading.Event().wait(0.01)
    pytest.fail("did not come about")


def picture(width, height):
    return np.full((height, width, 3), ORANGE, np.uint8)


# --- the kernel's interface


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("capability", 0xC010640C),
        ("become_master", 0x641E),
        ("resources", 0xC04064A0),
        ("set_crtc", 0xC06864A2),
        ("encoder", 0xC01464A6),
        ("connector", 0xC05064A7),
        ("remove_fb", 0xC00464AF),
        ("flip", 0xC01864B0),
        ("create_dumb", 0xC02064B2),
        ("map_dumb", 0xC01064B3),
        ("destroy_dumb", 0xC00464B4),
        ("add_fb", 0xC06864B8),
    ],
)
def test_requests_are_the_kernel_s(name, code):
    assert uapi.request_of(name) == code


def test_a_signal_in_between_is_no_answer(monkeypatch):
    answers = iter([InterruptedError(), BlockingIOError(), None])

    def ioctl(*_):
        if (answer := next(answers)) is not None:
            raise answer

    monkeypatch.setattr(uapi.fcntl, "ioctl", ioctl)
    uapi.call(0, "become_master")
    assert next(answers, "all taken") == "all taken"


# --- a card and its screen


@pytest.fixture
def opened(kernel):
    one = Card(kernel.path)
    yield one
    with contextlib.suppress(OSError):  # with a screen that was closed it is closed already
        one.close()


def test_the_screen_s_own_mode_is_set(kernel, opened):
    Screen(opened, opened.connector("HDMI-A-1"))
    assert kernel.on == (31, 41, 64, 48, 1)


def test_a_connector_is_fed_by_what_can_feed_it(kernel, opened):
    kernel.modes[32] = [mode(64, 48)]
    Screen(opened, opened.connector("HDMI-A-2"))
    assert kernel.on[:2] == (32, 42)


def test_two_buffers_are_shown_by_turns(kernel, opened):
    screen = Screen(opened, opened.connector("HDMI-A-1"))
    assert kernel.screen() == [BLACK * 64] * 48
    for value in (1, 2, 3):
        screen.back()[:] = value
        assert kernel.screen()[0][0] == value - 1  # not before it is handed over
        screen.put()
        assert kernel.screen() == [bytes([value]) * 4 * 64] * 48


def test_a_screen_that_takes_no_picture_is_an_error_within_its_time(kernel, opened, monkeypatch):
    monkeypatch.setattr(card, "FLIP_S", 0.01)
    monkeypatch.setattr(card.select, "select", lambda *_: ([], [], []))
    screen = Screen(opened, opened.connector("HDMI-A-1"))
    screen.put()
    with pytest.raises(TimeoutError, match="HDMI-A-1 does not take the picture"):
        screen.back()


@pytest.mark.parametrize(
    ("preferred", "known", "bits"),
    [(32, (16, 32), 32), (16, (16, 32), 16), (32, (16,), 16), (16, (32,), 32)],
)
def test_pixels_are_those_that_the_card_likes_and_knows(kernel, opened, preferred, known, bits):
    kernel.preferred, kernel.bits = preferred, known
    screen = Screen(opened, opened.connector("HDMI-A-1"))
    assert screen.bits == bits
    assert screen.back().shape == (48, 64, bits // 8)
    screen.close()
    assert (kernel.dumb, kernel.fbs) == ({}, {})


def test_a_card_that_knows_neither_is_an_error_and_nothing_is_held(kernel, opened):
    kernel.bits = ()
    with pytest.raises(OSError, match="neither XR24 nor RG16"):
        Screen(opened, opened.connector("HDMI-A-1"))
    assert (kernel.dumb, kernel.fbs) == ({}, {})


def test_a_card_without_room_is_an_error_at_once(kernel, opened):
    kernel.refuse["create_dumb"] = errno.ENOMEM
    with pytest.raises(OSError, match="Cannot allocate memory"):
        Screen(opened, opened.connector("HDMI-A-1"))
    assert kernel.told.count("create_dumb") == 1


def test_a_connector_that_there_is_not_is_an_error(opened):
    with pytest.raises(OSError, match="there is no connector DP-1"):
        opened.connector("DP-1")


def test_a_mode_that_is_refused_leaves_nothing_held(kernel, opened):
    kernel.refuse["set_crtc"] = errno.EINVAL
    with pytest.raises(OSError, match="Invalid"):
        Screen(opened, opened.connector("HDMI-A-1"))
    assert (kernel.dumb, kernel.fbs) == ({}, {})


@pytest.mark.parametrize("reason", [errno.EACCES, errno.EBUSY, errno.EPERM])
def test_a_card_that_a_desktop_draws_on_is_taken(kernel, reason):
    kernel.refuse["become_master"] = reason
    with pytest.raises(Taken, match="another program, such as a desktop, draws on"):
        Card(kernel.path)
    assert kernel.opened() == 0


HUGE, HD, SMALL = mode(3840, 2160, 30, preferred=True), mode(1920, 1080, 50), mode(1280, 720)


@pytest.mark.parametrize(
    ("modes", "expected"),
    [
        ([SMALL, mode(1920, 1080, preferred=True)], (1920, 1080, 60)),
        ([mode(1280, 800, preferred=True), HD, mode(1680, 1050, preferred=True)], (1280, 800, 60)),
        ([mode(1920, 1200), SMALL], (1920, 1200, 60)),
        ([mode(1920, 1201), SMALL], (1280, 720, 60)),
        ([HUGE, SMALL, HD, mode(1920, 1080, 60), mode(1920, 1080, 24)], (1920, 1080, 60)),
        ([HUGE, mode(1920, 1080, 60, interlaced=True), SMALL], (1280, 720, 60)),
        ([mode(720, 576, 50, interlaced=True)], (720, 576, 50)),
    ],
)
def test_the_mode(modes, expected):
    best = best_mode(modes)
    assert (best.width, best.height, best.hz) == expected


def test_only_modes_that_are_too_large_are_an_error():
    with pytest.raises(OSError, match=r"no mode of at most 2\.3 million pixels"):
        best_mode([HUGE])


# --- sockets


def test_sockets_with_a_screen(sysfs):
    assert connected(sysfs) == [Socket("card0", "HDMI-A-1")]
    plug(sysfs, "HDMI-A-2", "connected")
    assert [one.name for one in connected(sysfs)] == ["HDMI-A-1", "HDMI-A-2"]
    assert connected(sysfs / "missing") == []


def test_where_nobody_may_listen_nothing_is_heard(monkeypatch):
    def refused(*_):
        raise PermissionError("sandbox")

    monkeypatch.setattr(sockets.socket, "socket", refused)
    changes = sockets.Changes()
    assert not changes.any()
    changes.close()


def test_only_what_concerns_screens_is_heard(monkeypatch):
    changes = sockets.Changes()
    changes.close()
    usb = b"change@/devices/usb1\0SUBSYSTEM=usb\0"
    drm = b"change@/devices/gpu\0SUBSYSTEM=drm\0HOTPLUG=1\0"
    changes._events = Answers([usb, BlockingIOError(), usb, drm, usb, BlockingIOError(), OSError("overrun")])
    assert [changes.any() for _ in range(3)] == [False, True, True]


class Answers:
    def __init__(self, answers):
        self._answers = iter(answers)

    def recv(self, _size):
        answer = next(self._answers)
        if isinstance(answer, Exception):
            raise answer
        return answer


# --- the output


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def shown(kernel, sysfs, monkeypatch):
    """Opens the output: `shown()` -> (Drm, clock, what it said)."""
    running = []
    monkeypatch.setattr(output, "Changes", Silent)

    def start(name=""):
        clock, said = Clock(), []
        running.append(Drm(name, said.append, sysfs, kernel.path.parent, clock))
        return running[-1], clock, said

    yield start
    for one in running:
        one.close()


class Silent:
    heard = False

    def any(self):
        heard, self.heard = self.heard, False
        return heard

    def close(self):
        pass


def test_the_picture_is_in_the_middle_as_large_as_it_fits(kernel, shown):
    screen, _, said = shown()
    assert screen.wanted()
    screen.show(picture(32, 12), [], 0.0)
    assert kernel.screen() == [BLACK * 64] * 12 + [PIXEL * 64] * 24 + [BLACK * 64] * 12
    assert said == ["--output drm: the picture is on HDMI-A-1, 64×48, 32 bits."]


def test_no_more_pictures_than_a_screen_can_show(shown):
    screen, clock, _ = shown()
    count = 0
    for tick in range(200):  # two seconds of a camera of 100 frames a second
        clock.now = 1000 + tick / 100
        if screen.wanted():
            screen.show(picture(32, 24), [], 0.0)
            count += 1
    assert 55 <= count <= 62


def test_no_screen_at_all_is_a_note_and_one_that_comes_is_taken_within_a_second(kernel, sysfs, shown):
    plug(sysfs, "HDMI-A-1", "disconnected")
    screen, clock, said = shown()
    assert not screen.wanted()
    assert "set_crtc" not in kernel.told
    plug(sysfs, "HDMI-A-1", "connected")
    clock.now += 1.0
    assert screen.wanted()
    screen.show(picture(64, 48), [], 0.0)
    assert kernel.screen() == [PIXEL * 64] * 48
    assert said == [
        "--output drm: no screen is connected; the picture appears when one is.",
        "--output drm: the picture is on HDMI-A-1, 64×48, 32 bits.",
    ]


def test_an_unplugged_screen_is_let_go_and_shown_on_again(kernel, sysfs, shown):
    screen, clock, said = shown()
    screen.show(picture(64, 48), [], 0.0)
    plug(sysfs, "HDMI-A-1", "disconnected")
    clock.now += 0.9
    assert screen.wanted()  # not every picture asks
    for _ in range(3):
        clock.now += 1.0
        assert not screen.wanted()
    assert (kernel.dumb, kernel.fbs, kernel.opened()) == ({}, {}, 0)
    screen.show(picture(64, 48), [], 0.0)  # one that was on its way is left out
    plug(sysfs, "HDMI-A-1", "connected")
    clock.now += 1.0
    assert screen.wanted()
    screen.show(picture(64, 48), [], 0.0)
    assert kernel.screen() == [PIXEL * 64] * 48
    assert [text.split()[2] for text in said] == ["the", "no", "the"]


def test_a_screen_of_another_size_has_its_own_mode(kernel, shown):
    screen, _, said = shown()
    kernel.modes[31] = [mode(32, 24, preferred=True)]
    assert screen.wanted()
    assert kernel.on[2:4] == (64, 48)  # nobody told
    screen._changes.heard = True
    assert screen.wanted()
    assert kernel.on[2:4] == (32, 24)
    assert "32×24" in said[-1]
    screen._changes.heard = True
    sets = kernel.told.count("set_crtc")
    assert screen.wanted()
    assert kernel.told.count("set_crtc") == sets  # the same screen stays as it is


def test_a_socket_by_its_name(kernel, sysfs, shown):
    kernel.modes[32] = [mode(32, 24)]
    screen, clock, said = shown("HDMI-A-2")
    assert not screen.wanted()
    assert said == ["--output drm: no screen is connected in HDMI-A-2; the picture appears when one is."]
    plug(sysfs, "HDMI-A-2", "connected")
    clock.now += 1.0
    assert screen.wanted()
    assert kernel.on[:2] == (32, 42)


def test_a_socket_that_there_is_not_is_refused_with_those_that_are(shown):
    with pytest.raises(ConfigError, match=r"no such socket; there are: HDMI-A-1, HDMI-A-2, Writeback-1\."):
        shown("HDMI-B-1")


def test_a_screen_that_went_between_two_looks_is_looked_for_again(kernel, shown):
    modes, kernel.modes[31] = kernel.modes[31], []
    screen, clock, _ = shown()
    assert not screen.wanted()
    assert kernel.opened() == 0  # the card is given back meanwhile
    kernel.modes[31] = modes
    clock.now += 1.0
    assert screen.wanted()


@pytest.fixture
def asked(kernel, sysfs, settings, monkeypatch):
    """Asks for it as the program does."""
    monkeypatch.setattr(output, "Drm", lambda name, report: Drm(name, report, sysfs, kernel.path.parent))
    return lambda: output.open_output(Request("drm", "", (64, 48), 30.0, settings, print, print, None))


class Passing:
    """Stands in for a thread's condition: waits pass at once, on the clock; `then(now)` hears of each."""

    def __init__(self, clock, then):
        self.clock, self.then = clock, then

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def notify_all(self):
        pass

    def wait_for(self, condition, limit):
        if not condition():
            self.clock.now += limit
            self.then(self.clock.now)
        return condition()


@pytest.mark.parametrize("waking_s", [0.0, 3.5, 6.0])
def test_a_screen_plugged_in_has_the_picture_a_second_after_it_takes_one(
    kernel, sysfs, monkeypatch, waking_s
):
    """Unheard of the kernel, and refused while it wakes: of the 5 s allowed, nearly all are the screen's."""
    monkeypatch.setattr(output, "Changes", Silent)
    plug(sysfs, "HDMI-A-1", "disconnected")
    clock = Clock()
    plugged_at = clock.now + 30.01

    def pass_time(now):
        if now >= plugged_at:
            plug(sysfs, "HDMI-A-1", "connected")
        kernel.refuse = {"set_crtc": errno.EINVAL} if now < plugged_at + waking_s else {}
        thread._stopping = bool(kernel.shown) or now > plugged_at + 60

    thread = own_thread.OwnThread(
        "drm", False, lambda: Drm("", print, sysfs, kernel.path.parent, clock), print, forever=True
    )
    thread._changed = Passing(clock, pass_time)
    thread._run()
    assert kernel.shown
    assert clock.now - plugged_at <= waking_s + 1.1


def test_a_screen_that_fails_is_waited_for_without_end(kernel, asked, monkeypatch):
    monkeypatch.setattr(own_thread, "GIVE_UP_S", -1.0)
    screen = asked()
    kernel.refuse |= {"flip": errno.EINVAL, "become_master": errno.EBUSY}
    assert not screen.optional
    until(lambda: screen.lost or (screen.wanted() and screen.show(picture(64, 48), [], 0.0)))
    assert not screen.wanted()
    until(lambda: kernel.opened() == 0)  # or it would be refused by what it holds itself
    screen.close()


def test_a_card_that_is_taken_at_the_start_names_the_remedy(kernel, asked):
    kernel.refuse["become_master"] = errno.EBUSY
    with pytest.raises(ConfigError) as caught:
        asked()
    assert caught.value.exit_status == 2
    message = str(caught.value)
    assert "another program, such as a desktop, draws on" in message
    assert "`sudo systemctl isolate multi-user.target`" in message
    assert "\n" not in message


def test_a_card_that_cannot_be_had_names_another_output(kernel, asked):
    kernel.refuse["become_master"] = errno.ENOTTY
    with pytest.raises(
        ConfigError, match=r"drm: Inappropriate ioctl for device; try --output fb or --output web"
    ):
        asked()


def test_a_card_that_this_user_may_not_open_names_the_group(kernel, asked, monkeypatch):
    def refused(*_):
        raise PermissionError(errno.EACCES, "Permission denied", "/dev/dri/card0")

    monkeypatch.setattr(output, "Drm", refused)
    with pytest.raises(ConfigError, match=r"/dev/dri/card0 may not be opened .*usermod -aG video"):
        asked()


def test_declared_are_the_picture_one_between_and_two_buffers_of_the_largest_mode(settings):
    assert output.declared("", (1280, 720), settings) == 2_764_800 + 6_912_000 + 18_432_000
    assert output.declared("", (3000, 1000), settings) == 9_000_000 + 9_000_000 + 18_432_000
