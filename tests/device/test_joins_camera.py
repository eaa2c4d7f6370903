"""What happens to the camera reaches the picture, the events and the end of the run."""

import json
import threading

import cv2
import pytest

from device.errors import CameraError, CameraLost, CameraStalled
from tests.device.assembly import LIMIT, Screen, amber, wait_until


@pytest.fixture
def camera(kiosk, monkeypatch, tmp_path):
    """The kiosk with a camera that may be opened again at once, events in a file, and no patience."""
    monkeypatch.setattr("device.app.main_loop.SILENCE", 0.0)
    kiosk.film.live = True
    kiosk.change(camera={"retry_s": 0.01, "retry_max_s": 0.01})
    kiosk.change(events={"to": str(tmp_path / "events.jsonl")})
    return kiosk


def notices(kiosk):
    with open(kiosk.settings.events.to) as lines:
        return [row for row in map(json.loads, lines) if row["event"] not in ("track", "health")]


@pytest.mark.parametrize(("error", "kind"), [(CameraStalled, "stalled"), (CameraError, "gone")])
def test_a_camera_that_fails_is_said_on_the_picture_until_it_is_back(camera, error, kind):
    screen, said = camera.screens[0], threading.Event()

    def fail(index):
        if index == 20 and camera.film.opened == 1:
            raise error("film: broken")

    def refuse(opened):
        if not said.is_set():
            raise CameraError("film: still broken")

    def look(number):
        if camera.film.index == 20 and amber(screen.images[-1]):
            said.set()

    camera.film.length, camera.film.before, camera.film.opening = 60, fail, refuse
    screen.at_picture = look
    camera.play(fake_clock=False)
    assert said.is_set()
    assert screen.images[-1][:100].mean() > 35  # the film again, not the dark picture
    assert not amber(screen.images[0])
    assert not amber(screen.images[-1])
    assert (camera.film.opened, camera.run.report()["restarts"]) == (2, 1)
    assert [row["kind"] for row in notices(camera)] == [kind, "back"]


def test_the_ladder_keeps_what_the_camera_did(camera, tmp_path, monkeypatch):
    """Late frames and openings go into the counters that outlive the process, and into /health."""
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "card"))
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path))

    def fail(index):
        if index == 5 and camera.film.opened < 3:
            raise CameraStalled("film: late")

    camera.film.length, camera.film.before = 60, fail
    camera.play(fake_clock=False)
    told = camera.run.health.report()["ladder"]
    camera.close()
    kept = json.loads((tmp_path / "ladder.json").read_text())["counters"]
    for counters in (told, kept):
        assert (counters["frames_late"], counters["camera_reopened"]) == (2, 2)


def test_a_driver_that_hangs_ends_the_run(camera, monkeypatch):
    monkeypatch.setattr("device.camera.reconnecting.HUNG_S", 0.0)
    camera.change(camera={"timeout_s": 0.1})
    released = threading.Event()
    camera.film.before = lambda index: index == 3 and released.wait(LIMIT)
    camera.film.length = 10
    try:
        with pytest.raises(CameraLost, match="the driver hangs"):
            camera.play()
    finally:
        released.set()


def test_a_camera_lost_for_good_ends_the_run(camera):
    camera.change(camera={"give_up_s": 0.05})

    def fail(*_):
        raise CameraError("film: broken")

    camera.film.before = camera.film.opening = fail
    with pytest.raises(CameraLost):
        camera.play()


def test_leased_frames_go_back_into_the_ring(camera):
    """With three buffers the ring would be empty after one frame that does not come back."""
    camera.change(camera={"buffers": 3})
    seen = []
    camera.film.length, camera.film.before = 100_000, seen.append
    camera.screens[0].at_picture = lambda number: number >= 30 and camera.stopping.set()
    camera.play()
    assert len(camera.screens[0].times) >= 30
    assert len(camera.film.buffers) <= 3


def test_a_frame_still_looked_at_is_neither_drawn_on_nor_reused(camera):
    """The network takes longer than the picture waits: pictures go on, with a copy of the frame."""
    going_on = threading.Event()
    found = []

    def slow(image, picture_size=None):
        camera.faces.looks += 1
        if camera.faces.looks == 1:
            going_on.wait(LIMIT)
            found.append(int(image.max()))  # what is drawn would be brighter
        return []

    camera.faces.detect = slow
    camera.film.length = 100_000
    camera.screens[0].at_picture = lambda number: number == 5 and going_on.set()
    camera.open(fake_clock=False)
    looking = threading.Thread(target=camera.run.loop.run)
    looking.start()
    wait_until(lambda: found, "a look that took long is over")
    camera.stopping.set()
    looking.join(LIMIT)
    assert found == [40]


def test_a_film_taken_frame_by_frame_gives_its_two_buffers_back(kiosk):
    kiosk.film.length = 30
    kiosk.play()
    assert len(kiosk.film.buffers) == 1
    assert len(kiosk.screens[0].times) == 30


@pytest.mark.parametrize("live", [True, False])
def test_at_the_end_source_screens_and_threads_are_gone(kiosk, live):
    kiosk.film.live = live
    kiosk.play()
    kiosk.close()
    assert (kiosk.film.closed, kiosk.screens[0].closed) == (1, 1)
    wait_until(
        lambda: not {"capture", "vision"} & {thread.name for thread in threading.enumerate()},
        "the threads are over",
    )


def test_an_error_of_the_networks_ends_the_run_and_closes_all(kiosk):
    def fail(image, picture_size=None):
        raise ZeroDivisionError("the network")

    kiosk.film.live, kiosk.film.length = True, 100_000
    kiosk.faces.detect = fail
    with pytest.raises(ZeroDivisionError):
        kiosk.play()
    kiosk.close()
    assert (kiosk.film.closed, kiosk.screens[0].closed) == (1, 1)


@pytest.mark.parametrize("live", [True, False])
def test_who_closes_the_window_ends_the_run(kiosk, live):
    kiosk.film.live, kiosk.film.length = live, 100_000
    kiosk.screens[0].at_picture = lambda number: number == 4 and kiosk.end()
    kiosk.play()
    assert len(kiosk.screens[0].times) == 5


def test_an_output_that_fails_is_said_and_the_others_go_on(camera):
    camera.screens = [Screen("one"), Screen("two")]

    def fail(number):
        raise OSError("the disk is full")

    camera.screens[0].at_picture = fail
    camera.film.live = False
    camera.play()
    assert (camera.screens[0].closed, len(camera.screens[1].times)) == (1, 30)
    assert ["the disk is full" in row["message"] for row in notices(camera)] == [True]
    camera.say("a word")
    camera.run.events.flush(20.0)
    assert notices(camera)[-1]["message"] == "a word"


@pytest.mark.parametrize("broken", [False, True])
def test_a_film_that_is_written_is_closed_at_the_end_also_on_error(kiosk, tmp_path, broken):
    film = tmp_path / "shown.mp4"
    kiosk.screens = []
    kiosk.change(output={"use": (f"file:{film}",)})

    def fail(index):
        if broken and index == 12:
            raise CameraError("film: cut short")

    kiosk.film.length, kiosk.film.before = 12 + broken, fail
    if broken:
        with pytest.raises(CameraError):
            kiosk.play()
    else:
        kiosk.play()
    assert not film.exists()
    kiosk.close()
    clip = cv2.VideoCapture(str(film), cv2.CAP_FFMPEG)
    assert clip.get(cv2.CAP_PROP_FPS) == 30.0
    assert sum(clip.read()[0] for _ in range(20)) == 12
    clip.release()


@pytest.mark.parametrize(("asked", "marked"), [("auto", True), ("demo", False)])
def test_a_demo_in_place_of_a_camera_is_marked_on_every_picture(kiosk, asked, marked):
    kiosk.film.name = "demo"
    kiosk.change(source={"use": asked, "pace": "fast"})
    kiosk.play()
    assert [amber(image) for image in kiosk.screens[0].images] == [marked] * 30
