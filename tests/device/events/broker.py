"""A real mosquitto of a test's own, on the loopback, and somebody who listens to it."""

import shutil
import socket
import subprocess
import time
from contextlib import closing

import pytest
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

LIMIT_S = 60.0


def wait_until(true, what):
    end = time.monotonic() + LIMIT_S
    while not true():
        assert time.monotonic() < end, f"still not: {what}"
        time.sleep(0.02)


class Broker:
    """Starts and stops; `settings` are further lines of its configuration."""

    def __init__(self, folder, settings="allow_anonymous true"):
        self.program = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
        if not self.program:
            pytest.skip("there is no mosquitto here")
        with closing(socket.create_server(("127.0.0.1", 0))) as free:
            self.port = free.getsockname()[1]
        self._file = folder / "mosquitto.conf"
        self.configure(settings)
        self._process = None

    def configure(self, settings):
        """For the next start."""
        kept = f"persistence true\npersistence_location {self._file.parent}/"
        self._file.write_text(f"listener {self.port} 127.0.0.1\nuser root\n{kept}\n{settings}\n")

    def start(self):
        self._process = subprocess.Popen(
            [self.program, "-c", self._file], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        wait_until(self._answers, "the broker listens")
        return self

    def _answers(self):
        assert self._process.poll() is None, "mosquitto ended"
        with closing(socket.socket()) as tried:
            return tried.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self):
        if self._process:
            self._process.terminate()
            self._process.wait(20)
        self._process = None


class Listener:
    """Remembers all messages, (topic, payload, retained), in order; what comes while it is away, too."""

    def __init__(self, port):
        self.messages = []
        self._client = paho.Client(CallbackAPIVersion.VERSION2, "listener", clean_session=False)
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = lambda client, *_: client.subscribe("#", qos=1)
        self._client.on_message = lambda client, data, message: self.messages.append(
            (message.topic, message.payload.decode(), message.retain)
        )
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def of(self, topic):
        """The payloads at a topic."""
        return [payload for name, payload, _ in self.messages if name == topic]

    def say(self, topic, payload):
        self._client.publish(topic, payload, qos=1)

    def close(self):
        self._client.disconnect()
        self._client.loop_stop()
