"""What systemd is told, heard by a socket of the test's own."""

import os
import socket

import pytest

from device.app.systemd import Notifier


class Systemd:
    """Listens as systemd does; `said()` is every message since the last time."""

    def __init__(self, address):
        self.address = address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind("\0" + address[1:] if address.startswith("@") else address)
        self._socket.setblocking(False)

    def said(self):
        messages = []
        while True:
            try:
                messages.append(self._socket.recv(4096).decode())
            except BlockingIOError:
                return messages

    def close(self):
        self._socket.close()


@pytest.fixture
def systemd(tmp_path):
    listening = Systemd(str(tmp_path / "notify"))
    yield listening
    listening.close()


def test_ready_is_said_once_and_a_status_when_it_changes(systemd):
    notifier = Notifier(systemd.address)
    notifier.poll(0.0, False, True, "ok")
    assert systemd.said() == ["STATUS=ok"]
    notifier.poll(0.2, True, True, "ok")
    notifier.poll(0.4, True, True, "degraded: camera dark")
    assert systemd.said() == ["READY=1", "STATUS=degraded: camera dark"]
    notifier.close()
    assert systemd.said() == ["STOPPING=1"]


def test_four_signs_of_life_in_the_time_systemd_waits_and_none_without_life(systemd):
    notifier = Notifier(systemd.address, 30.0)
    beats = []
    for tenth in range(600):
        notifier.poll(tenth / 10, False, not 200 <= tenth < 400, "")
        if systemd.said() == ["WATCHDOG=1"]:
            beats.append(tenth / 10)
    assert beats == [0.0, 7.5, 15.0, 40.0, 47.5, 55.0]
    notifier.close()


def test_without_a_watchdog_there_are_no_signs_of_life(systemd):
    notifier = Notifier(systemd.address)
    notifier.poll(0.0, True, True, "")
    assert systemd.said() == ["READY=1"]
    notifier.close()


def test_a_name_in_the_abstract_space():
    listening = Systemd(f"@kiosk-test-{os.getpid()}")
    notifier = Notifier(listening.address)
    notifier.poll(0.0, True, True, "")
    assert listening.said() == ["READY=1"]
    notifier.close()
    listening.close()


def test_a_full_socket_never_waits_and_is_tried_again(systemd):
    notifier = Notifier(systemd.address)
    sent = 0
    while notifier._send("X" * 1000):
        sent += 1
        assert sent < 100_000
    notifier.poll(0.0, True, True, "")
    assert "READY=1" not in systemd.said()
    notifier.poll(0.2, True, True, "")
    assert systemd.said() == ["READY=1"]
    notifier.close()


def test_a_systemd_that_went_away_is_no_matter(tmp_path):
    notifier = Notifier(str(tmp_path / "nobody"), 30.0)
    notifier.poll(0.0, True, True, "ok")
    notifier.close()
    notifier.poll(1.0, True, True, "ok")


@pytest.mark.parametrize(
    ("environ", "address", "pause"),
    [
        ({}, None, 0.0),
        ({"NOTIFY_SOCKET": "/run/n"}, "/run/n", 0.0),
        ({"NOTIFY_SOCKET": "/run/n", "WATCHDOG_USEC": "30000000"}, "/run/n", 7.5),
        ({"NOTIFY_SOCKET": "@n", "WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, "\0n", 0.0),
        ({"NOTIFY_SOCKET": "", "WATCHDOG_USEC": "soon"}, None, 0.0),
    ],
)
def test_the_environment_that_systemd_gives(environ, address, pause):
    notifier = Notifier.from_environment(environ)
    assert (notifier._address, notifier._pause) == (address, pause)
    notifier.close()


# --- the whole run


def test_a_run_is_ready_after_its_first_frame_was_shown(kiosk, systemd, monkeypatch):
    monkeypatch.setenv("NOTIFY_SOCKET", systemd.address)
    monkeypatch.setenv("WATCHDOG_USEC", "30000000")
    told = []
    kiosk.film.length, kiosk.film.before = 3, lambda index: told.append(systemd.said())
    kiosk.play()
    shown = len(kiosk.screens[0].images)
    assert told == [[], ["READY=1", "STATUS=ok", "WATCHDOG=1"], []]
    assert shown == 3
    kiosk.close()
    assert systemd.said() == ["STOPPING=1"]


def test_a_run_without_a_camera_is_ready_once_the_camera_said_so(kiosk, systemd, monkeypatch):
    monkeypatch.setenv("NOTIFY_SOCKET", systemd.address)
    kiosk.film.length = 0
    run = kiosk.open()
    run._poll(kiosk.clock.now)
    assert systemd.said() == ["STATUS=ok"]
    kiosk.on_event("gone", "camera: none is found.")
    run._poll(kiosk.clock.now)
    assert systemd.said() == ["READY=1", "STATUS=degraded: camera dark"]
