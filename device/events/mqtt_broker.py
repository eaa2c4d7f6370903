"""The connection to an MQTT broker: name, password, certificates, last will."""

from __future__ import annotations

import os
import re
import socket
import stat

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from device.config.schema import MqttSettings
from device.errors import ConfigError

KEEPALIVE_S = 15  # a broker that says nothing for so long is asked; for twice as long, it is given up
CONNECT_S = 5.0
QUEUE = 1000  # messages that wait for the broker
LONGEST_PASSWORD = 4096  # bytes
LONGEST_TOPIC = 200  # characters


def device_id() -> str:
    """This machine's name, in the letters that topics and Home Assistant take."""
    return re.sub(r"[^A-Za-z0-9_-]", "-", socket.gethostname())[:64] or "kiosk"


def new_client(settings: MqttSettings, will: str, will_text: str) -> paho.Client:
    """A client that will connect as soon as its loop starts; raises ConfigError for files of no use.

    Should the connection break, the broker says `will_text` at the topic `will`, retained.
    """
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id=f"kiosk-{device_id()}")
    client.connect_timeout = CONNECT_S
    client.max_queued_messages_set(QUEUE)
    if settings.username:
        client.username_pw_set(settings.username, password(settings.password_file))
    elif settings.password_file:
        raise ConfigError("mqtt.password_file needs mqtt.username; set both, or none.")
    if settings.tls:
        _encrypt(client, settings.ca_file)
    elif settings.ca_file:
        raise ConfigError("mqtt.ca_file needs mqtt.tls = true; set both, or none.")
    client.will_set(will, will_text, qos=1, retain=True)
    try:
        settings.host.encode("idna")
        client.connect_async(settings.host, settings.port, KEEPALIVE_S)
    except ValueError as error:  # UnicodeError is one
        raise ConfigError(f"mqtt.host = {settings.host[:80]!r} is no name of a broker ({error}).") from None
    return client


def checked_topic(name: str, topic: str) -> str:
    """A topic without slashes at its ends. Raises ConfigError for one that cannot be published to."""
    if len(topic) > LONGEST_TOPIC or not topic.isprintable() or "#" in topic or "+" in topic:
        raise ConfigError(f"mqtt.{name} = {topic[:80]!r} is no topic; take letters, digits, - and / between.")
    return topic.strip("/")


def password(path: str) -> str | None:
    """The password in the file at `path`, without its newline; None for no path. Raises ConfigError."""
    if not path:
        return None
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise ConfigError(f"mqtt.password_file = {path!r} is not a file.")
        with open(path, "rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            if mode & 0o077:
                raise ConfigError(
                    f"mqtt.password_file = {path!r} can be read by others (mode {mode:04o}); chmod 600 it."
                )
            return file.read(LONGEST_PASSWORD).decode().rstrip("\r\n")
    except OSError as error:
        raise ConfigError(f"mqtt.password_file = {path!r} cannot be read ({error.strerror}).") from None
    except UnicodeDecodeError:
        raise ConfigError(f"mqtt.password_file = {path!r} is not UTF-8 text.") from None


def _encrypt(client: paho.Client, ca_file: str) -> None:
    try:
        client.tls_set(ca_certs=ca_file or None)
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(
            f"mqtt.ca_file = {ca_file!r} cannot be used ({reason}); it must be a PEM file."
        ) from None
