"""First-boot files for images with cloud-init: NoCloud's user-data, network-config and meta-data.

What each line is for, from cloud-init's sources and those of Raspberry Pi OS:
- `user`, in the singular, changes the default user and leaves it its groups; `users` would make one without;
- `sudo: null` must be written where sudo shall ask for the password, else the user has it without;
- there is no key that enables SSH: a command does;
- `network-config` replaces the image's own, so it must name the cable's eth0, too;
- `packages:` would wait for a network, so there is none.
"""

from __future__ import annotations

from typing import Any

from deploy.card.secrets import Secrets
from deploy.card.yaml_lines import lines


def files(secrets: Secrets, start: str, instance: str) -> dict[str, bytes]:
    """Path on the FAT partition and content of each file.

    start: the shell command that sets the kiosk up. instance: an ID that no card had before, for cloud-init
    applies these files once for each.
    """
    return {
        "user-data": _document(["#cloud-config"], user_data(secrets, start)),
        "network-config": _document([], {"network": network(secrets)}),
        "meta-data": _document([], {"instance-id": instance, "local-hostname": secrets.hostname}),
    }


def words(instance: str) -> tuple[str, ...]:
    """What cmdline.txt needs so that cloud-init looks for the files."""
    return (f"ds=nocloud;i={instance}",)


def user_data(secrets: Secrets, start: str) -> dict[str, Any]:
    """The contents of `user-data`."""
    user: dict[str, Any] = {"name": secrets.user, "shell": "/bin/bash"}
    user["lock_passwd"] = not secrets.password_hash
    if secrets.password_hash:
        user["passwd"] = secrets.password_hash
    if secrets.authorized_keys:
        user["ssh_authorized_keys"] = list(secrets.authorized_keys)
    user["sudo"] = "ALL=(ALL) NOPASSWD:ALL" if secrets.passwordless_sudo else None
    data: dict[str, Any] = {"hostname": secrets.hostname, "manage_etc_hosts": True}
    if secrets.timezone:
        data["timezone"] = secrets.timezone
    if secrets.keyboard:
        data["keyboard"] = {"model": "pc105", "layout": secrets.keyboard}
    data["user"] = user
    data["ssh_pwauth"] = False
    commands: list[Any] = [["systemctl", "enable", "--now", "ssh"]] if secrets.authorized_keys else []
    data["runcmd"] = [*commands, start]
    return data


def network(secrets: Secrets) -> dict[str, Any]:
    """Netplan's version 2: the cable, and Wi-Fi when it is given."""
    found: dict[str, Any] = {"version": 2, "ethernets": {"eth0": {"dhcp4": True, "optional": True}}}
    if secrets.ssid:
        point: dict[str, Any] = {"hidden": True} if secrets.hidden else {}
        if secrets.wifi_key:
            point["password"] = secrets.wifi_key
        wlan = {"dhcp4": True, "optional": True, "regulatory-domain": secrets.country}
        found["wifis"] = {"wlan0": {**wlan, "access-points": {secrets.ssid: point}}}
    return found


def _document(head: list[str], content: dict[str, Any]) -> bytes:
    return "".join(f"{line}\n" for line in [*head, *lines(content)]).encode()
