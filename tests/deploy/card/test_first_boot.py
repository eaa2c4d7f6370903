"""The files that an image sets itself up by, in the three formats, read by their own readers."""

import json
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from deploy.card import cloud_init, cmdline, firstrun, preseed
from deploy.card.secrets import Secrets
from tests.deploy.card import images
from tests.deploy.card.images import PUBLIC_KEY

CLOUD_INIT_PYTHON = "/usr/bin/python3"  # Debian's cloud-init brings a YAML reader to the system's Python
FULL = Secrets(
    hostname="kiosk-7",
    timezone="Europe/Berlin",
    keyboard="de",
    user="technician",
    password_hash="$6$salt$hash/with.all",
    authorized_keys=(PUBLIC_KEY, PUBLIC_KEY.replace("laptop", "it's \\another")),
    passwordless_sudo=False,
    ssid="no \"shop' 🛒",
    wifi_key="ab" * 32,
    country="DE",
    hidden=True,
)
START = "sh /boot/firmware/kiosk/first-boot.sh start"


def yaml(text: bytes):
    """The document, as cloud-init's own library reads it."""
    program = "import json, sys, yaml; print(json.dumps(yaml.safe_load(sys.stdin.buffer)))"
    try:
        return json.loads(images.tool(CLOUD_INIT_PYTHON, "-c", program, given=text))
    except (subprocess.CalledProcessError, FileNotFoundError):
        pytest.skip("needs cloud-init (and python3-yaml with it) of the system")


@pytest.mark.parametrize("secrets", [FULL, Secrets()])
def test_user_data_is_right_by_cloud_inits_own_schema(tmp_path, secrets):
    path = tmp_path / "user-data"
    path.write_bytes(cloud_init.files(secrets, START, "kiosk-1")["user-data"])
    try:
        done = subprocess.run(
            ["cloud-init", "schema", "-c", str(path)], capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        pytest.skip("needs cloud-init of the system")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Valid" in done.stdout
    path.write_text(path.read_text().replace("hostname:", "hostname: []\nx:"))
    assert (
        subprocess.run(["cloud-init", "schema", "-c", str(path)], capture_output=True, check=False).returncode
        == 1
    )


def test_user_data_changes_the_default_user_and_begins_the_kiosk():
    data = yaml(cloud_init.files(FULL, START, "kiosk-1")["user-data"])
    assert "users" not in data
    assert data["user"]["name"] == "technician"
    assert data["user"]["sudo"] is None
    assert "sudo" in data["user"]  # left out, it would be "without a password"
    assert data["user"]["ssh_authorized_keys"] == list(FULL.authorized_keys)
    assert (data["user"]["lock_passwd"], data["user"]["passwd"]) == (False, FULL.password_hash)
    assert (data["hostname"], data["timezone"], data["keyboard"]["layout"]) == (
        "kiosk-7",
        "Europe/Berlin",
        "de",
    )
    assert data["runcmd"] == [["systemctl", "enable", "--now", "ssh"], START]
    assert "packages" not in data


def test_without_keys_nothing_listens_and_the_user_is_locked():
    data = yaml(cloud_init.files(Secrets(), START, "kiosk-1")["user-data"])
    assert data["user"]["lock_passwd"] is True
    assert data["user"]["sudo"] == "ALL=(ALL) NOPASSWD:ALL"
    assert data["runcmd"] == [START]
    assert data["ssh_pwauth"] is False


def test_network_config_names_the_cable_too():
    network = yaml(cloud_init.files(FULL, START, "kiosk-1")["network-config"])["network"]
    assert network["version"] == 2
    assert network["ethernets"]["eth0"] == {"dhcp4": True, "optional": True}
    wlan = network["wifis"]["wlan0"]
    assert wlan["access-points"] == {FULL.ssid: {"hidden": True, "password": "ab" * 32}}
    assert wlan["regulatory-domain"] == "DE"
    assert "wifis" not in yaml(cloud_init.files(Secrets(), START, "kiosk-1")["network-config"])["network"]


@pytest.mark.parametrize(
    "ssid", ["no", "123", "null", "0x1f", "- a: b", "~", "#shop", "{a}", "0123e4", "on", "-"]
)
def test_a_network_of_any_name_stays_a_name(ssid):
    secrets = Secrets(ssid=ssid, country="DE")
    network = yaml(cloud_init.files(secrets, START, "kiosk-1")["network-config"])["network"]
    assert network["wifis"]["wlan0"]["access-points"] == {ssid: {}}


def test_the_instance_is_the_same_in_meta_data_and_cmdline():
    files = cloud_init.files(FULL, START, "kiosk-7-1a2b")
    assert yaml(files["meta-data"]) == {"instance-id": "kiosk-7-1a2b", "local-hostname": "kiosk-7"}
    assert cloud_init.words("kiosk-7-1a2b") == ("ds=nocloud;i=kiosk-7-1a2b",)


def test_each_card_has_an_instance_of_its_own(workplace, trixie):
    workplace.run(trixie)
    first = workplace.fat("meta-data")
    workplace.run(trixie)
    assert workplace.fat("meta-data") != first
    instance = re.search(rb'"(kiosk-[0-9a-f]{8})"', workplace.fat("meta-data"))[1]
    assert workplace.fat("cmdline.txt").endswith(b" ds=nocloud;i=" + instance + b"\n")


def test_preseed_is_toml_and_says_the_same():
    data = tomllib.loads(preseed.files(FULL, START)["rpi-preseed.toml"].decode())
    assert data["config_version"] == "1.0"
    assert data["system"] == {"hostname": "kiosk-7"}
    assert data["user"] == {
        "name": "technician",
        "password": FULL.password_hash,
        "password_encrypted": True,
        "passwordless_sudo": False,
    }
    assert data["ssh"]["authorized_keys"] == list(FULL.authorized_keys)
    assert (data["ssh"]["enabled"], data["ssh"]["password_authentication"]) == (True, False)
    assert (data["wlan"]["ssid"], data["wlan"]["password"]) == (FULL.ssid, "ab" * 32)
    assert (data["wlan"]["key_mgmt"], data["wlan"]["country"], data["wlan"]["hidden"]) == (
        "wpa-psk",
        "DE",
        True,
    )
    assert data["locale"] == {"keymap": "de", "timezone": "Europe/Berlin"}
    assert data["runcmd"]["early"] == [START]


def test_preseed_of_an_open_network_has_no_password():
    data = tomllib.loads(
        preseed.files(Secrets(ssid="shop", country="DE"), START)["rpi-preseed.toml"].decode()
    )
    assert data["wlan"] == {"ssid": "shop", "key_mgmt": "none", "country": "DE", "hidden": False}
    assert "locale" not in data
    assert "password" not in data["user"]


def test_an_image_with_rpi_preseed_gets_its_file_and_no_word_that_asks_for_it(workplace, image_of):
    image = image_of("preseed", images.PRESEED, {"user-data": "#cloud-config\n"})
    status, out, _ = workplace.run(image)
    assert (status, "first start by rpi-preseed" in out) == (0, True)
    assert tomllib.loads(workplace.fat("rpi-preseed.toml").decode())["runcmd"]["early"] == [START]
    assert workplace.fat("cmdline.txt").decode() == f"{images.CMDLINE} {' '.join(cmdline.ALWAYS)}\n"
    assert workplace.fat("user-data") == b"#cloud-config\n"


def script(secrets: Secrets, tmp_path: Path) -> Path:
    """firstrun.sh as a file."""
    path = tmp_path / "firstrun.sh"
    path.write_bytes(firstrun.files(secrets, "sh /boot/firmware/kiosk/first-boot.sh enable")["firstrun.sh"])
    return path


@pytest.mark.parametrize("secrets", [FULL, Secrets()])
def test_firstrun_is_a_shell_script(tmp_path, secrets):
    images.tool("sh", "-n", str(script(secrets, tmp_path)))


def test_firstrun_ends_by_deleting_itself_and_its_words(tmp_path):
    lines = script(FULL, tmp_path).read_text().splitlines()
    assert lines[-4:] == [
        "sh /boot/firmware/kiosk/first-boot.sh enable",
        "rm -f /boot/firmware/firstrun.sh",
        r"sed -i 's| systemd\.[^ ]*||g' /boot/firmware/cmdline.txt",
        "exit 0",
    ]


def test_what_the_initrd_cuts_off_firstrun_is_its_end_alone(tmp_path):
    """imager_fixup of raspberrypi-sys-mods keeps what stands before the first line of this form."""
    path = script(FULL, tmp_path)
    kept = images.tool("sed", "-n", r"/rm.*firstrun\.sh$/q;p", str(path)).decode()
    assert kept + firstrun.TAIL == path.read_text()


def test_firstrun_never_names_wpa_supplicants_settings(tmp_path):
    assert "wpa_supplicant.conf" not in script(FULL, tmp_path).read_text()


def test_firstruns_words_are_the_last_of_cmdline():
    line = cmdline.with_words(images.CMDLINE.encode(), (*cmdline.ALWAYS, *firstrun.WORDS))
    assert line.decode().split()[-3:] == [
        "systemd.run=/boot/firstrun.sh",
        "systemd.run_success_action=reboot",
        "systemd.unit=kernel-command-line.target",
    ]


def test_firstrun_sets_name_user_key_and_network(tmp_path):
    """The script itself, with the tools it calls replaced by ones that write down what they were asked."""
    root, path = tmp_path / "root", script(FULL, tmp_path)
    for folder in (
        "etc/ssh/sshd_config.d",
        "etc/NetworkManager/system-connections",
        "etc/sudoers.d",
        "var/log",
    ):
        (root / folder).mkdir(parents=True)
    for folder in ("var/lib/systemd/rfkill", "boot/firmware", "etc/default", "bin", "usr/share/zoneinfo"):
        (root / folder).mkdir(parents=True)
    (root / "etc/hosts").write_text("127.0.0.1\tlocalhost\n127.0.1.1\traspberrypi\n")
    (root / "etc/default/keyboard").write_text('XKBMODEL="pc105"\nXKBLAYOUT="gb"\n')
    (root / "boot/firmware/cmdline.txt").write_text(f"a=1 {' '.join(firstrun.WORDS)}\n")
    (root / "var/lib/systemd/rfkill/0:wlan").write_text("1")
    (root / "etc/sudoers.d/010_pi-nopasswd").write_text("pi ALL=(ALL) NOPASSWD: ALL")
    for name in (
        "usermod",
        "groupmod",
        "chpasswd",
        "chown",
        "systemctl",
        "raspi-config",
        "rfkill",
        "install",
    ):
        tool = root / "bin" / name
        given = f'cat >>"{root}/asked"\n' if name == "chpasswd" else ""
        tool.write_text(f'#!/bin/sh\necho {name} "$@" >>"{root}/asked"\n{given}')
        tool.chmod(0o755)
    (root / "bin/getent").write_text(f"#!/bin/sh\necho pi:x:1000:1000::{root}/home/pi:/bin/bash\n")
    (root / "bin/sh").symlink_to("/bin/true")
    (root / "bin/getent").chmod(0o755)
    (root / "home/pi/.ssh").mkdir(parents=True)
    text = re.sub(r"(?<=[ >'])/(etc|var|boot|usr)/", rf"{root}/\1/", path.read_text())
    path.write_text(text)
    subprocess.run(
        ["/bin/sh", str(path)],
        env={"PATH": f"{root}/bin:/usr/bin:/bin"},
        check=True,
        stdin=subprocess.DEVNULL,
    )
    asked = (root / "asked").read_text()
    assert (root / "etc/hostname").read_text() == "kiosk-7\n"
    assert (root / "etc/hosts").read_text() == "127.0.0.1\tlocalhost\n127.0.1.1\tkiosk-7\n"
    assert "usermod --login technician pi" in asked
    assert f"chpasswd --encrypted\ntechnician:{FULL.password_hash}\n" in asked
    assert (root / "home/pi/.ssh/authorized_keys").read_text().splitlines() == list(FULL.authorized_keys)
    assert (root / "etc/sudoers.d/010_kiosk").read_text() == "technician ALL=(ALL) ALL\n"
    assert not (root / "etc/sudoers.d/010_pi-nopasswd").exists()
    wifi = (root / "etc/NetworkManager/system-connections/kiosk.nmconnection").read_text()
    assert f"ssid={''.join(f'{byte};' for byte in FULL.ssid.encode())}\n" in wifi
    assert f"key-mgmt=wpa-psk\npsk={'ab' * 32}\n" in wifi
    assert (root / "etc/NetworkManager/system-connections/kiosk.nmconnection").stat().st_mode & 0o777 == 0o600
    assert "raspi-config nonint do_wifi_country DE" in asked
    assert (root / "var/lib/systemd/rfkill/0:wlan").read_text() == "0\n"
    assert 'XKBLAYOUT="de"' in (root / "etc/default/keyboard").read_text()
    assert (root / "boot/firmware/cmdline.txt").read_text() == "a=1\n"


def test_cmdline_gets_each_word_once_and_stays_one_line():
    words = ("cgroup_enable=memory", "consoleblank=0", "cfg80211.ieee80211_regdom=DE")
    line = cmdline.with_words(b"console=tty1 rootwait cgroup_enable=cpuset consoleblank=600 quiet\n", words)
    assert line == (
        b"console=tty1 rootwait cgroup_enable=cpuset quiet "
        b"cgroup_enable=memory consoleblank=0 cfg80211.ieee80211_regdom=DE\n"
    )
    assert cmdline.with_words(line, words) == line


def test_the_country_is_in_cmdline(workplace, trixie):
    workplace.secrets('[wifi]\nssid = "shop"\ncountry = "DE"\n')
    workplace.run(trixie)
    assert b" cfg80211.ieee80211_regdom=DE " in workplace.fat("cmdline.txt")


def test_settings_lie_beside_the_bundle(workplace, trixie):
    path = workplace.folder / "kiosk.toml"
    path.write_text("[camera]\nwidth = 800\n")
    assert workplace.run(trixie, "--config", str(path))[0] == 0
    assert workplace.fat("kiosk/kiosk.toml") == b"[camera]\nwidth = 800\n"
