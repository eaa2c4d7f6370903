"""The first-boot file for images with rpi-preseed: one TOML file, for which cmdline.txt needs no word."""

from __future__ import annotations

from deploy.card.secrets import Secrets

Value = str | bool | int | list[str]


def files(secrets: Secrets, start: str) -> dict[str, bytes]:
    """Path on the FAT partition and content. `start` must end within seconds: it runs before the network."""
    text = 'config_version = "1.0"\n'
    for section, content in sections(secrets, start).items():
        rows = "".join(f"{key} = {_toml(value)}\n" for key, value in content.items() if value != "")
        text += f"\n[{section}]\n{rows}" if rows else ""
    return {"rpi-preseed.toml": text.encode()}


def sections(secrets: Secrets, start: str) -> dict[str, dict[str, Value]]:
    """What rpi-preseed is told; what is empty is left out."""
    user: dict[str, Value] = {"name": secrets.user, "password": secrets.password_hash}
    if secrets.password_hash:
        user["password_encrypted"] = True
    user["passwordless_sudo"] = secrets.passwordless_sudo
    ssh: dict[str, Value] = {"enabled": bool(secrets.authorized_keys), "password_authentication": False}
    if secrets.authorized_keys:
        ssh["authorized_keys"] = list(secrets.authorized_keys)
    found: dict[str, dict[str, Value]] = {
        "system": {"hostname": secrets.hostname},
        "user": user,
        "ssh": ssh,
        "locale": {"keymap": secrets.keyboard, "timezone": secrets.timezone},
        "runcmd": {"early": [start], "early_cmd_timeout": 20},
    }
    if secrets.ssid:
        key_mgmt = "wpa-psk" if secrets.wifi_key else "none"
        wlan: dict[str, Value] = {"ssid": secrets.ssid, "password": secrets.wifi_key, "key_mgmt": key_mgmt}
        found["wlan"] = {**wlan, "country": secrets.country, "hidden": secrets.hidden}
    return found


def _toml(value: Value) -> str:
    """One line; rpi-preseed's own reader knows no escapes but these two."""
    if isinstance(value, bool | int):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(_toml(item) for item in value)}]"
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
