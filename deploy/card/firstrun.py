"""The first-boot file for Bookworm, and for Trixie of 2025-10-01: `firstrun.sh`, which systemd runs once.

It is named as Raspberry Pi Imager names it, for the image's own scripts look for that name. The initrd sees
`systemd.run=/boot/firstrun.sh`, turns the path into /boot/firmware/firstrun.sh in cmdline.txt, replaces all
from the line that removes the script to its end by a removal of its own, and starts over. So that line is the
last but two here. And nowhere may the settings file of wpa_supplicant be named: `firstboot` would then take
the script for one of old, and switch NetworkManager off.
"""

from __future__ import annotations

from shlex import quote

from deploy.card.secrets import Secrets

WORDS = (  # in this order, as the last ones
    "systemd.run=/boot/firstrun.sh",
    "systemd.run_success_action=reboot",
    "systemd.unit=kernel-command-line.target",
)


def files(secrets: Secrets, start: str) -> dict[str, bytes]:
    """Path on the FAT partition and content. `start` has the set-up run at the next start."""
    parts = [HEAD, _hostname(secrets), _user(secrets), _ssh(secrets), _wifi(secrets), _locale(secrets)]
    return {"firstrun.sh": "".join([*parts, f"{start}\n", TAIL]).encode()}


HEAD = """#!/bin/sh
# Gives this Raspberry Pi its name, user and network at the first start. A step that fails stops no other.
set +e
exec >/var/log/firstrun.log 2>&1
old_user=$(getent passwd 1000 | cut -d: -f1)
"""
TAIL = """rm -f /boot/firmware/firstrun.sh
sed -i 's| systemd\\.[^ ]*||g' /boot/firmware/cmdline.txt
exit 0
"""


def _hostname(secrets: Secrets) -> str:
    name = quote(secrets.hostname)
    return f"""
echo {name} >/etc/hostname
sed -i '/^127\\.0\\.1\\.1[[:space:]]/d' /etc/hosts
printf '127.0.1.1\\t%s\\n' {name} >>/etc/hosts
"""


def _user(secrets: Secrets) -> str:
    """userconf renames user 1000 and ends the wizard that would ask for one; without it, the same by hand."""
    name, hashed = quote(secrets.user), quote(secrets.password_hash)
    sudo = "ALL=(ALL) NOPASSWD: ALL" if secrets.passwordless_sudo else "ALL=(ALL) ALL"
    return f"""
user={name}
hash={hashed}
if [ -x /usr/lib/userconf-pi/userconf ]; then
    /usr/lib/userconf-pi/userconf "$user" "$hash"
elif [ -z "$old_user" ]; then
    useradd --create-home --shell /bin/bash "$user"
elif [ "$old_user" != "$user" ]; then
    usermod --login "$user" "$old_user"
    usermod --move-home --home "/home/$user" "$user"
    groupmod --new-name "$user" "$old_user"
fi
[ -z "$hash" ] || printf '%s:%s\\n' "$user" "$hash" | chpasswd --encrypted
rm -f /etc/sudoers.d/010_pi-nopasswd
printf '%s {sudo}\\n' "$user" >/etc/sudoers.d/010_kiosk
chmod 440 /etc/sudoers.d/010_kiosk
"""


def _ssh(secrets: Secrets) -> str:
    if not secrets.authorized_keys:
        return ""
    keys = " ".join(quote(key) for key in secrets.authorized_keys)
    return f"""
home=$(getent passwd "$user" | cut -d: -f6)
install -d -m 700 -o "$user" -g "$user" "$home/.ssh"
printf '%s\\n' {keys} >"$home/.ssh/authorized_keys"
chmod 600 "$home/.ssh/authorized_keys"
chown "$user:$user" "$home/.ssh/authorized_keys"
echo 'PasswordAuthentication no' >/etc/ssh/sshd_config.d/10-kiosk.conf
systemctl enable ssh
"""


def _wifi(secrets: Secrets) -> str:
    """NetworkManager's own file, not a helper of the image: not every image has one."""
    if not secrets.ssid:
        return ""
    ssid = "".join(f"{byte};" for byte in secrets.ssid.encode())  # bytes: no character needs an escape
    security = f"\n[wifi-security]\nkey-mgmt=wpa-psk\npsk={secrets.wifi_key}\n" if secrets.wifi_key else ""
    return f"""
umask 077
cat >/etc/NetworkManager/system-connections/kiosk.nmconnection <<'END'
[connection]
id=kiosk
type=wifi
autoconnect-retries=0

[wifi]
mode=infrastructure
ssid={ssid}
hidden={str(secrets.hidden).lower()}
{security}
[ipv4]
method=auto

[ipv6]
method=auto
END
umask 022
raspi-config nonint do_wifi_country {quote(secrets.country)}
rfkill unblock wifi
for file in /var/lib/systemd/rfkill/*:wlan; do
    [ ! -e "$file" ] || echo 0 >"$file"
done
"""


def _locale(secrets: Secrets) -> str:
    text = ""
    if secrets.timezone:
        zone = quote(secrets.timezone)
        text += f"""
echo {zone} >/etc/timezone
ln -sf /usr/share/zoneinfo/{zone} /etc/localtime
"""
    if secrets.keyboard:
        text += f"""
sed -i 's/^XKBLAYOUT=.*/XKBLAYOUT="{secrets.keyboard}"/' /etc/default/keyboard
"""
    return text
