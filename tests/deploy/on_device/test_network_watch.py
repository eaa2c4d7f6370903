import json

import pytest

from deploy.on_device import network_watch
from deploy.on_device.network_watch import State, configured, known, step


class Network:
    """A gateway that answers or does not, looked at every two minutes."""

    def __init__(self):
        self.state, self.now, self.done = State(), 0.0, []

    def pass_by(self, minutes, answers):
        for _ in range(minutes // 2):
            self.now += 120.0
            self.state, due = step(self.state, self.now, answers)
            if due:
                self.done.append((due, self.now / 60))


@pytest.fixture
def network():
    return Network()


def test_a_gateway_that_answers_is_left_alone(network):
    network.pass_by(600, True)
    assert network.done == []


def test_the_radio_after_ten_minutes_the_machine_after_an_hour(network):
    network.pass_by(20, True)
    network.pass_by(60, False)
    assert network.done == [*(("radio", 20 + minutes) for minutes in (10, 20, 30, 40, 50)), ("machine", 80)]


def test_a_radio_that_came_back_begins_the_hour_anew(network):
    network.pass_by(2, True)
    network.pass_by(50, False)
    network.pass_by(2, True)
    network.pass_by(50, False)
    assert {due for due, _ in network.done} == {"radio"}


def test_a_gateway_that_never_answered_since_the_start_restarts_no_machine(network):
    """The restart was tried: another would not help, and the kiosk works without a network."""
    network.pass_by(600, False)
    assert {due for due, _ in network.done} == {"radio"}


def test_the_machine_is_asked_for_once_an_hour_where_the_ladder_withholds_it(network):
    network.pass_by(2, True)
    network.pass_by(130, False)
    assert [at for due, at in network.done if due == "machine"] == [62, 122]


@pytest.mark.parametrize(
    ("path", "there"),
    [
        ("etc/NetworkManager/system-connections/shop.nmconnection", True),
        ("run/NetworkManager/system-connections/netplan-wlan0.nmconnection", True),
        ("run/NetworkManager/system-connections/lo.nmconnection", False),
        ("etc/systemd/network/wired.network", True),
        ("etc/NetworkManager/NetworkManager.conf", False),
    ],
)
def test_only_a_network_that_somebody_set_up_is_watched(tmp_path, path, there):
    (tmp_path / path).parent.mkdir(parents=True)
    (tmp_path / path).touch()
    assert configured(tmp_path) is there


def test_without_one_nothing_is_looked_at(tmp_path, monkeypatch):
    monkeypatch.setattr(network_watch, "answers", lambda: pytest.fail("asked"))
    assert network_watch.main(tmp_path) == 0


@pytest.mark.parametrize(
    ("rows", "answered"),
    [
        ([{"dst": "10.0.0.1", "state": ["REACHABLE"]}], True),
        ([{"dst": "10.0.0.1", "state": ["STALE"]}], True),
        ([{"dst": "10.0.0.1", "state": ["FAILED"]}], False),
        ([{"dst": "10.0.0.1", "state": ["INCOMPLETE"]}], False),
        ([], False),
    ],
)
def test_the_table_of_neighbours_tells_whether_it_answered(monkeypatch, rows, answered):
    monkeypatch.setattr(network_watch, "ip", lambda *words: rows)
    assert known("10.0.0.1", "lo") is answered


@pytest.mark.parametrize(
    ("routes", "answered"),
    [([], False), ([{"dev": "ppp0"}], True), ([{"gateway": "127.0.0.1", "dev": "lo"}], True)],
)
def test_the_ways_out_are_asked(monkeypatch, routes, answered):
    """By a datagram to each gateway; a line without neighbours cannot be asked, and is left alone."""

    def ip(family, *words):
        if "neigh" in (family, *words):
            return [{"state": ["REACHABLE"]}]
        return routes if family == "-4" else []

    monkeypatch.setattr(network_watch, "ip", ip)
    assert network_watch.answers(wait=lambda seconds: None) is answered


def test_what_is_due_is_done_and_remembered(tmp_path, monkeypatch):
    ran = []
    (tmp_path / "etc/systemd/network").mkdir(parents=True)
    (tmp_path / "etc/systemd/network/a.network").touch()
    (tmp_path / "run/kiosk-network").mkdir(parents=True)
    monkeypatch.setattr(network_watch, "answers", lambda: False)
    monkeypatch.setattr(network_watch, "restart_radio", lambda: ran.append("radio"))
    monkeypatch.setattr("subprocess.run", lambda command, **_: ran.append(command[-1]) or Done)
    for now, state in ((700.0, "broken"), (7200.0, "[10.0, 7000.0, 0.0]")):
        (tmp_path / network_watch.STATE).write_text(state)
        monkeypatch.setattr("time.clock_gettime", lambda clock, now=now: now)
        assert network_watch.main(tmp_path) == 0
    assert ran == ["radio", "kiosk-reboot@network.service"]
    assert json.loads((tmp_path / network_watch.STATE).read_text()) == [10.0, 7000.0, 7200.0]


class Done:
    returncode = 0
