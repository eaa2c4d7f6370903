"""MQTT over a real mosquitto, and over sockets that behave as brokers should not."""

import json
import logging
import re
import shutil
import socket
import subprocess
import threading
from contextlib import closing

import pytest

from device.app.interfaces import open_telemetry, what_leaves
from device.config.loader import changed, defaults
from device.errors import ConfigError
from device.events import mqtt
from device.events.mqtt import Publisher
from device.events.mqtt_broker import QUEUE, new_client, password
from device.events.mqtt_discovery import COMPONENTS, components
from tests.device.audience.film import ADULT, Film, person
from tests.device.events.broker import Broker, Listener, wait_until
from tests.device.events.schemas import check


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    monkeypatch.setattr(mqtt, "EVERY_S", 0.05)
    monkeypatch.setattr(mqtt, "QUIET_S", 0.2)
    monkeypatch.setattr("device.events.mqtt_broker.device_id", lambda: "k7")
    monkeypatch.setattr("device.events.mqtt.device_id", lambda: "k7")


@pytest.fixture
def broker(tmp_path):
    one = Broker(tmp_path)
    yield one
    one.stop()


@pytest.fixture
def listen(broker):
    listeners = []

    def start():
        listeners.append(Listener(broker.port))
        return listeners[-1]

    yield start
    for one in listeners:
        one.close()


@pytest.fixture
def publish():
    """Starts a publisher about a film: `publish(port, visits=True)` -> (Film, Publisher)."""
    opened = []

    def start(port, sections=None, **options):
        options = {"host": "127.0.0.1", "port": port} | options
        film = Film(mqtt=options, **(sections or {}))
        publisher = Publisher(film.settings, film.telemetry)
        opened.append(publisher)
        return film, publisher

    yield start
    for one in opened:
        one.close()


def connected(publisher):
    wait_until(lambda: publisher._client.is_connected() and not publisher._greet.is_set(), "connected")


def test_what_is_published(broker, listen, publish):
    broker.start()
    listener = listen()
    film, publisher = publish(broker.port, visits=True)
    wait_until(lambda: listener.of("kiosk/k7/status") == ["online"], "it says that it is here")
    film.play(3.0, person(1, **ADULT)).play(58.0)
    for topic, schema in (("state", "state"), ("minute", "minute"), ("visit", "visit")):
        wait_until(lambda topic=topic: listener.of(f"kiosk/k7/{topic}"), topic)
        for payload in listener.of(f"kiosk/k7/{topic}"):
            check(schema, json.loads(payload))
    assert json.loads(listener.of("kiosk/k7/minute")[0])["people"] == 1
    assert json.loads(listener.of("kiosk/k7/visit")[0])["band"] == "25–34"
    publisher.close()
    wait_until(lambda: listener.of("kiosk/k7/status") == ["online", "offline"], "it says that it goes")
    assert publisher.lost == 0


def test_visits_only_where_they_are_asked_for(broker, listen, publish):
    broker.start()
    listener = listen()
    film, _ = publish(broker.port)
    film.play(3.0, person(1, **ADULT)).play(58.0)
    wait_until(lambda: listener.of("kiosk/k7/minute"), "the minute's numbers")
    assert listener.of("kiosk/k7/visit") == []


def test_who_comes_late_gets_what_is_retained(broker, listen, publish):
    broker.start()
    first = listen()
    film, _ = publish(broker.port)
    film.play(3.0, person(1, **ADULT))
    wait_until(lambda: len({topic for topic, *_ in first.messages}) >= 3, "three messages")
    listener = listen()
    kept = {"kiosk/k7/status", "kiosk/k7/state", "homeassistant/device/k7/config"}
    wait_until(
        lambda: {topic for topic, _, retained in listener.messages if retained} == kept, "the same, retained"
    )


def test_home_assistant_is_told_of_the_device_and_again_when_it_comes_up(broker, listen, publish):
    broker.start()
    listener = listen()
    publish(broker.port)
    topic = "homeassistant/device/k7/config"
    wait_until(lambda: len(listener.of(topic)) == 1, "the device is told")
    config = json.loads(listener.of(topic)[0])
    assert config["availability"] == [{"topic": "kiosk/k7/status"}]
    assert config["state_topic"] == "kiosk/k7/state"
    assert config["origin"]["name"] == "kiosk-age"
    assert set(config["components"]) == set(COMPONENTS)
    listener.say("homeassistant/status", "offline")
    listener.say("homeassistant/status", "online")
    wait_until(lambda: len(listener.of(topic)) == 2, "the device is told again")


def test_each_component_reads_a_field_that_the_state_has():
    film = Film()
    film.play(3.0, person(1, **ADULT)).play(5.0)
    for _, _, template, _ in COMPONENTS.values():
        path = re.search(r"value_json\.([a-z_.]+)", template)[1].split(".")
        value = film.now
        for name in path:
            value = value[name]


def test_home_assistant_is_told_of_the_attributes_that_are_on(broker, listen, publish):
    broker.start()
    listener = listen()
    topic = "homeassistant/device/k7/config"
    publish(broker.port, sections={"age": {"gender": True, "cover": True}})
    wait_until(lambda: listener.of(topic), "the device is told")
    told = json.loads(listener.of(topic)[0])["components"]
    assert set(told) - set(COMPONENTS) == {"gender_female", "gender_male", "cover_none", "cover_mouth"}
    assert told["gender_female"]["name"] == "In view, gender female"
    assert told["gender_female"]["value_template"] == "{{ (value_json.gender or {}).female }}"


def test_an_attribute_s_sensors_read_fields_that_the_state_has():
    film = Film(age={"gender": True, "glasses": True, "cover": True})
    film.play(3.0, person(1, **ADULT, gender="female", glasses="none", cover="none"))
    for name in components(("gender", "glasses", "cover")).keys() - COMPONENTS.keys():
        attribute, _, word = name.partition("_")
        assert film.now[attribute][word] == (word in ("female", "none"))


def test_without_discovery_home_assistant_is_told_nothing(broker, listen, publish):
    broker.start()
    listener = listen()
    _, publisher = publish(broker.port, discovery="", topic="/site/7/")
    wait_until(lambda: listener.of("site/7/status") == ["online"], "it says that it is here")
    connected(publisher)
    assert not [topic for topic, _, _ in listener.messages if topic.startswith("homeassistant")]


def test_a_connection_that_breaks_is_told_by_the_broker_and_made_again(broker, listen, publish):
    broker.start()
    listener = listen()
    _, publisher = publish(broker.port)
    connected(publisher)
    wait_until(lambda: listener.of("kiosk/k7/status") == ["online"], "it is here")
    publisher._client.socket().shutdown(socket.SHUT_RDWR)
    wait_until(lambda: "offline" in listener.of("kiosk/k7/status"), "gone by its last will")
    wait_until(lambda: listener.of("kiosk/k7/status")[-1] == "online", "and back")
    assert publisher.failures == 1


def test_a_broker_that_ends_and_comes_back_gets_what_it_missed(broker, listen, publish, caplog):
    caplog.set_level(logging.INFO)
    broker.start()
    listener = listen()
    film, publisher = publish(broker.port, visits=True)
    connected(publisher)
    wait_until(lambda: listener.messages, "somebody listens")
    broker.stop()
    wait_until(lambda: publisher.failures >= 2, "it is away")
    film.play(3.0, person(1, **ADULT)).play(5.0)
    wait_until(lambda: publisher._visit == 1, "the visit is queued")
    broker.start()
    wait_until(lambda: listener.of("kiosk/k7/visit"), "the visit arrives")
    wait_until(lambda: publisher._well, "it is said to be back")
    told = [record.getMessage() for record in caplog.records if record.getMessage().startswith("mqtt")]
    assert len(told) == 2
    assert "everything else runs on" in told[0]
    assert told[1] == "mqtt: 127.0.0.1: connected again; 0 messages were lost"
    assert publisher.lost == 0


def test_a_thousand_messages_wait_and_the_rest_is_counted(publish):
    with closing(socket.create_server(("127.0.0.1", 0))) as nobody:
        port = nobody.getsockname()[1]
    _, publisher = publish(port)
    for _ in range(QUEUE + 100):
        publisher._send("minute", {})
    assert publisher.lost == 100


def test_a_broker_that_accepts_and_never_answers_is_given_up_and_the_next_is_found(
    broker, publish, monkeypatch, caplog
):
    monkeypatch.setattr("device.events.mqtt_broker.KEEPALIVE_S", 1)
    with closing(socket.create_server(("127.0.0.1", broker.port))) as silent:
        film, publisher = publish(broker.port)
        accepted = []
        threading.Thread(target=lambda: accepted.append(silent.accept()), daemon=True).start()
        film.play(60.0, person(1, **ADULT))  # the loop's side: it waits for nobody
        wait_until(lambda: publisher.failures >= 1, "given up")
        assert "the broker does not answer" in caplog.text
    for connection, _ in accepted:
        connection.close()
    broker.start()
    connected(publisher)


def test_a_broker_that_refuses_the_password_is_told_and_tried_again(broker, publish, tmp_path, caplog):
    broker.configure(f"allow_anonymous false\npassword_file {tmp_path}/passwords")
    (tmp_path / "passwords").touch(0o600)
    secret = tmp_path / "secret"
    secret.touch(0o600)
    secret.write_text("wrong\n")
    broker.start()
    _, publisher = publish(broker.port, username="kiosk", password_file=str(secret))
    wait_until(lambda: publisher.failures >= 1, "refused")
    assert "refuses us (Not authorized)" in caplog.text
    assert "wrong" not in caplog.text
    broker.stop()
    broker.configure("allow_anonymous true")
    broker.start()
    connected(publisher)


def certificates(folder, name):
    """A CA and a certificate of 127.0.0.1 that it signed, as files NAME-ca.pem, NAME.pem and NAME.key."""
    if not shutil.which("openssl"):
        pytest.skip("there is no openssl here")
    extension = folder / "extension"
    extension.write_text("subjectAltName=IP:127.0.0.1")
    new = ["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    ca = [
        "-x509",
        "-days",
        "2",
        "-subj",
        f"/CN={name}",
        "-keyout",
        f"{name}-ca.key",
        "-out",
        f"{name}-ca.pem",
    ]
    sign = ["openssl", "x509", "-req", "-in", f"{name}.csr", "-CA", f"{name}-ca.pem", "-CAkey"]
    sign += [
        f"{name}-ca.key",
        "-CAcreateserial",
        "-days",
        "2",
        "-extfile",
        "extension",
        "-out",
        f"{name}.pem",
    ]
    for command in (
        [*new, *ca],
        [*new, "-subj", "/CN=broker", "-keyout", f"{name}.key", "-out", f"{name}.csr"],
        sign,
    ):
        subprocess.run(command, cwd=folder, check=True, capture_output=True)


def test_tls_and_a_certificate_of_somebody_else(broker, publish, tmp_path, caplog):
    certificates(tmp_path, "ours")
    certificates(tmp_path, "theirs")
    broker.configure(f"allow_anonymous true\ncertfile {tmp_path}/ours.pem\nkeyfile {tmp_path}/ours.key")
    broker.start()
    _, trusting = publish(broker.port, tls=True, ca_file=str(tmp_path / "ours-ca.pem"))
    connected(trusting)
    _, other = publish(broker.port, tls=True, ca_file=str(tmp_path / "theirs-ca.pem"))
    wait_until(lambda: other.failures >= 1, "not trusted")
    assert "certificate verify failed" in caplog.text
    assert not other._client.is_connected()


# --- settings that cannot be used


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"password_file": "/nowhere"}, "mqtt.password_file needs mqtt.username"),
        ({"ca_file": "/nowhere"}, "mqtt.ca_file needs mqtt.tls"),
        ({"username": "kiosk", "password_file": "/nowhere"}, "cannot be read (No such file"),
        ({"tls": True, "ca_file": "/nowhere"}, "mqtt.ca_file = '/nowhere' cannot be used (No such file"),
        ({"tls": True, "ca_file": __file__}, "must be a PEM file"),
        ({"topic": "kiosk/#"}, "mqtt.topic = 'kiosk/#' is no topic"),
        ({"topic": "a" * 201}, "is no topic"),
        ({"discovery": "home+"}, "mqtt.discovery = 'home+' is no topic"),
        ({"host": "a" * 64}, "is no name of a broker"),
    ],
)
def test_settings_that_cannot_be_used_are_one_sentence(options, words):
    film = Film(mqtt={"host": "127.0.0.1"} | options)
    with pytest.raises(ConfigError) as refused:
        Publisher(film.settings, film.telemetry)
    assert words in str(refused.value)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_password_that_others_can_read_is_refused(tmp_path, mode):
    path = tmp_path / "password"
    path.write_text("secret\n")
    path.chmod(mode)
    with pytest.raises(ConfigError, match=f"can be read by others .mode {mode:04o}.; chmod 600 it"):
        password(str(path))
    path.chmod(0o600)
    assert password(str(path)) == "secret"


def test_a_password_that_is_no_text_or_no_file_is_refused(tmp_path):
    path = tmp_path / "password"
    path.touch(0o600)
    path.write_bytes(b"\xff")
    with pytest.raises(ConfigError, match="is not UTF-8 text"):
        password(str(path))
    with pytest.raises(ConfigError, match="is not a file"):
        password(str(tmp_path))


def test_the_client_waits_between_a_second_and_five_minutes():
    """Up to half a minute for a broker that is away, so that it is found within a minute of its return."""
    client = new_client(changed(defaults(), mqtt={"host": "127.0.0.1"}).mqtt, "a/status", "offline")
    assert client.max_queued_messages == 1000
    assert (mqtt.AWAY_S, mqtt.REFUSED_S) == (30, 300)


def nobody():
    """Who leads people through a test of the site."""


@pytest.mark.parametrize("section", ["api", "metrics"])
def test_an_interface_without_its_page_is_refused(section):
    settings = changed(defaults(), **{section: {"enabled": True}}, output={"use": ("none",)})
    with pytest.raises(ConfigError, match=f"{section}.enabled = true: .* add web to it"):
        open_telemetry(settings, bool, dict, dict, nobody)


def test_nothing_is_counted_where_nobody_asks():
    assert open_telemetry(changed(defaults(), output={"use": ("none",)}), bool, dict, dict, nobody) is None
    assert (
        open_telemetry(changed(defaults(), output={"use": ("web:80",)}), bool, dict, dict, nobody) is not None
    )


# --- what is said to leave


def test_what_leaves_is_said_for_each_interface():
    assert what_leaves(defaults()) == []
    everything = {
        "events": {"to": "-"},
        "api": {"enabled": True, "boxes": True},
        "metrics": {"enabled": True},
        "mqtt": {"host": "broker", "visits": True},
    }
    lines = what_leaves(changed(defaults(), **everything))
    assert [line.partition(" ")[0] for line in lines] == ["events", "api", "metrics", "mqtt"]
    assert "with boxes" in lines[1]
    assert lines[3].startswith("mqtt sends to broker:1883: ")
    assert "each person's age" in lines[3]
    for name, told in (("gender", "gender"), ("glasses", "dark glasses"), ("cover", "covered mouths")):
        assert not any(told in line for line in lines)
        lines_with = what_leaves(changed(defaults(), age={name: True}, **everything))
        assert all(told in line for line in lines_with)
    held = what_leaves(changed(defaults(), **everything | {"api": {"enabled": True, "min_people": 5}}))
    assert not [line for line in held[1:] if "each person" in line]
    assert "none of fewer than 5 people" in held[1]
