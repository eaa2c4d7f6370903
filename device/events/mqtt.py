"""The audience's numbers for an MQTT broker, and what Home Assistant needs to show them.

Two threads: paho's own, which holds the connection and opens it again, and ours, which looks for news once a
second. The loop knows of neither. What the broker does not take is counted, and told once.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
import time
from typing import Any

from paho.mqtt import client as paho

from device.audience.telemetry import Telemetry
from device.config.schema import MqttSettings, Settings
from device.events.mqtt_broker import checked_topic, device_id, new_client
from device.events.mqtt_discovery import discovery

log = logging.getLogger(__name__)

EVERY_S = 1.0  # between two looks for news
STATE_S = 30.0  # without a change, the state is sent again
REFUSED_S = 300  # longest pause between two tries where the broker refuses us: somebody must change something
AWAY_S = 30  # longest pause where it does not answer, so that it is found within a minute of its return
QUIET_S = 10.0  # a connection that lasts so long is said to be there again
JOIN_S = 0.5
ONLINE, OFFLINE = "online", "offline"


class Publisher:
    """Publishes until it is closed.

    `lost` counts messages that found no room, `failures` connections that were lost or could not be made.
    """

    def __init__(self, settings: Settings, telemetry: Telemetry) -> None:
        """`settings` has the sections mqtt and age. Raises ConfigError for files that cannot be used."""
        self.lost = self.failures = 0
        self._settings: MqttSettings = settings.mqtt
        self._audience, self._messages = telemetry.audience, telemetry.messages
        self._id = device_id()
        self._topic = checked_topic("topic", self._settings.topic or f"kiosk/{self._id}")
        self._discovery = checked_topic("discovery", self._settings.discovery)
        self._visits = self._settings.visits and self._messages.single_visits
        self._visit = self._minute = 0  # numbers of the last that were sent
        self._changes, self._state_at = -1, float("-inf")
        self._well = True  # as far as the log knows
        self._since: float | None = None  # when the connection was made, monotonic seconds
        self._greet = threading.Event()  # a connection is new, or Home Assistant is
        self._closing = threading.Event()
        self._client = new_client(self._settings, f"{self._topic}/status", OFFLINE)
        self._client.reconnect_delay_set(1, AWAY_S)
        self._client.suppress_exceptions = True  # a fault of ours is logged, and does not end paho's thread
        self._client.on_connect = self._on_connect
        self._client.on_connect_fail = self._on_connect_fail
        self._client.on_disconnect = self._on_disconnect
        self._client.on_message = self._on_message
        self._client.loop_start()
        self._thread = threading.Thread(target=self._run, name="mqtt", daemon=True)
        self._thread.start()

    # --- on paho's thread

    def _on_connect(
        self, client: paho.Client, data: object, flags: object, reason: Any, properties: object
    ) -> None:
        if reason.is_failure:
            client.reconnect_delay_set(1, REFUSED_S)
            self._lose(f"the broker refuses us ({reason})")
            return
        client.reconnect_delay_set(1, AWAY_S)
        self._since = time.monotonic()
        if self._discovery:
            client.subscribe(f"{self._discovery}/status", qos=1)
        self._greet.set()

    def _on_connect_fail(self, client: paho.Client, data: object) -> None:
        client.reconnect_delay_set(1, AWAY_S)
        self._lose(f"no connection ({sys.exc_info()[1]})")  # paho calls us while it handles the error

    def _on_disconnect(
        self, client: paho.Client, data: object, flags: object, reason: Any, properties: object
    ) -> None:
        if not self._closing.is_set():
            self._lose("the broker does not answer" if self._since is None else "the connection is lost")

    def _on_message(self, client: paho.Client, data: object, message: paho.MQTTMessage) -> None:
        if message.payload == ONLINE.encode():
            self._greet.set()

    def _lose(self, why: str) -> None:
        """Count it; one line where it begins."""
        self._since = None
        self.failures += 1
        if self._well:
            log.warning("mqtt: %s: %s; everything else runs on", self._settings.host, why)
        self._well = False

    # --- on ours

    def _run(self) -> None:
        while not self._closing.wait(EVERY_S):
            try:
                self._look()
            except Exception as error:
                self.lost += 1
                log.error("mqtt: a message could not be made: %s: %s", type(error).__name__, error)

    def _look(self) -> None:
        """Send what is new."""
        if self._client.is_connected():
            self._tell_recovery()
            if self._greet.is_set():
                self._greet.clear()
                self._send_greeting()
            self._send_state(time.monotonic())
        for minute in self._audience.minutes:
            message = self._messages.minute(minute.number) if minute.number > self._minute else None
            if message is not None:
                self._minute = minute.number
                self._send("minute", message)
        for visit in self._audience.visits if self._visits else ():
            if visit.number > self._visit:
                self._visit = visit.number
                self._send("visit", self._messages.visit(visit))

    def _tell_recovery(self) -> None:
        """One line once a connection has lasted, so that one which comes and goes does not fill the log."""
        since = self._since
        if not self._well and since is not None and time.monotonic() - since >= QUIET_S:
            self._well = True
            log.info("mqtt: %s: connected again; %d messages were lost", self._settings.host, self.lost)

    def _send_greeting(self) -> None:
        """Tell Home Assistant of the device, and everybody that we are here."""
        if self._discovery:
            found = discovery(
                self._id, self._topic, self._messages.head(time.time()), self._audience.attributes
            )
            self._publish(f"{self._discovery}/device/{self._id}/config", json.dumps(found), True)
        self._publish(f"{self._topic}/status", ONLINE, True)
        self._state_at = float("-inf")

    def _send_state(self, now: float) -> None:
        """Who is in view, without tracks: at once when it changes, else every STATE_S. Never queued."""
        snapshot = self._audience.snapshot
        if snapshot.changes == self._changes and now - self._state_at < STATE_S:
            return
        self._changes, self._state_at = snapshot.changes, now
        state = self._messages.now(snapshot)
        del state["tracks"]
        self._send("state", state, retain=True)

    def _send(self, topic: str, message: dict[str, Any], retain: bool = False) -> None:
        self._publish(f"{self._topic}/{topic}", json.dumps(message), retain)

    def _publish(self, topic: str, payload: str, retain: bool) -> None:
        """Queue a message; the broker must say that it has it (QoS 1), so that the queue is bounded."""
        done = self._client.publish(topic, payload, qos=1, retain=retain)
        if done.rc == paho.MQTT_ERR_QUEUE_SIZE:
            self.lost += 1

    def close(self) -> None:
        """Say that we go, and let go of the connection; what still waits is lost."""
        self._closing.set()
        self._thread.join(JOIN_S)
        if self._client.is_connected():
            done = self._client.publish(f"{self._topic}/status", OFFLINE, qos=1, retain=True)
            try:
                done.wait_for_publish(JOIN_S)
            except (RuntimeError, ValueError):
                self.lost += 1
        self._client.disconnect()
