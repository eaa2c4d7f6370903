"""systemd's own judgement of the units, and what they must say."""

import re
import shutil
import subprocess
from configparser import RawConfigParser
from pathlib import Path

import pytest

from device.app.ladder import COUNTERS
from device.config.loader import load
from device.outputs.web.output import DEFAULT

UNITS = Path(__file__).resolve().parents[2] / "deploy" / "units"
NAMES = sorted(path.name for path in UNITS.iterdir() if path.suffix in (".service", ".timer"))
OF_AN_ISSUE = """
Type=notify WatchdogSec=30 TimeoutStartSec=120 TimeoutStopSec=10 Restart=always RestartSec=2
StartLimitIntervalSec=30min StartLimitBurst=20 MemorySwapMax=0 User=kiosk StateDirectory=kiosk
NoNewPrivileges=yes ProtectSystem=strict DevicePolicy=closed SystemCallErrorNumber=EPERM
RestartPreventExitStatus=2 NotifyAccess=main
"""


def values(text, key):
    """All that a unit says under `key`, in order."""
    return re.findall(rf"^{key}=(.*)$", text, re.MULTILINE)


@pytest.fixture(scope="module")
def analyze():
    if not shutil.which("systemd-analyze"):
        pytest.skip("no systemd-analyze here")

    def call(*words):
        return subprocess.run(
            ["systemd-analyze", *words], cwd=UNITS, capture_output=True, text=True, check=False, timeout=60
        )

    return call


def test_the_service_is_exposed_by_at_most_2(analyze):
    done = analyze("security", "--offline=true", "--threshold=20", "--no-pager", "./kiosk.service")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", [name for name in NAMES if "@" not in name])
def test_systemd_finds_nothing_wrong_with_a_unit(analyze, name):
    done = analyze("verify", "--recursive-errors=no", "--man=no", f"./{name}")
    complaints = [line for line in done.stderr.splitlines() if "kiosk" in line]
    assert (done.returncode, complaints) == (0, [])


def test_the_service_says_what_was_agreed():
    text = (UNITS / "kiosk.service").read_text()
    for word in OF_AN_ISSUE.split():
        key, value = word.split("=")
        assert values(text, key) == [value], word
    assert "ProcSubset" not in {line.partition("=")[0] for line in text.splitlines()}
    assert values(text, "SystemCallFilter") == ["@system-service", "~@privileged @resources"]
    assert values(text, "RestrictAddressFamilies") == ["AF_UNIX AF_INET AF_INET6 AF_NETLINK"]
    assert values(text, "DeviceAllow") == [
        f"char-{it} rw" for it in ("video4linux", "media", "drm", "fb", "dma_heap")
    ]
    assert values(text, "OnFailure") == ["kiosk-reboot@service.service kiosk-retry.timer"]


def test_what_follows_an_end_starts_python_at_most_once_and_has_ten_seconds_for_it():
    """systemd allows TimeoutStopSec= to each command, and the next start waits for both."""
    commands = values((UNITS / "kiosk.service").read_text(), "ExecStopPost")
    assert ["after_end.sh" in command for command in commands] == [True, False]
    assert ["save_fault.py" in command for command in commands] == [False, True]
    script = (UNITS.parent / "on_device/after_end.sh").read_text()
    assert "python3" not in script


def test_growing_pauses_leave_time_for_twenty_starts_that_hang():
    """Each takes 10 s to start, 30 s until the watchdog, 10 s to end, and a pause of at most 60 s."""
    text = next(UNITS.glob("when/systemd-254/**/restart-steps.conf")).read_text()
    (interval,), (longest,) = values(text, "StartLimitIntervalSec"), values(text, "RestartMaxDelaySec")
    assert 20 * (10 + 30 + 10 + int(longest)) < 60 * int(interval.removesuffix("min"))
    (retry,) = values((UNITS / "kiosk-retry.timer").read_text(), "OnActiveSec")
    assert int(retry.removesuffix("min")) > int(interval.removesuffix("min"))


def test_the_hardware_watchdog_stays_below_the_chips_16_seconds():
    text = (UNITS / "etc/systemd/system.conf.d/kiosk.conf").read_text()
    assert values(text, "RuntimeWatchdogSec") == values(text, "RebootWatchdogSec") == ["15"]


def test_the_memory_limit_is_the_budget_and_a_margin():
    from deploy.on_device.setup import BUDGET_MIB, MARGIN_MIB

    assert load(None, []).limits.memory_mib == BUDGET_MIB
    limit = values((UNITS / "kiosk.service").read_text(), "MemoryMax")
    assert limit == [f"{BUDGET_MIB + MARGIN_MIB}M"]


def test_the_configuration_that_travels_is_a_good_one_and_its_page_is_on_the_loopback():
    settings = load(str(UNITS / "kiosk.toml"), [])
    assert (settings.source.use, settings.output.use) == ("camera", ("web",))
    assert DEFAULT == ("127.0.0.1", 8080)


def test_every_script_that_a_unit_runs_is_there():
    text = "".join((UNITS / name).read_text() for name in NAMES)
    scripts = re.findall(r"deploy/on_device/(\w+\.\w+)", text)
    assert len(scripts) >= 3
    assert [name for name in scripts if not (UNITS.parent / "on_device" / name).is_file()] == []


@pytest.mark.parametrize("path", sorted(UNITS.rglob("*.conf")), ids=lambda path: path.parent.name)
def test_a_settings_file_parses(path):
    if "sysusers" in str(path):
        return
    parser = RawConfigParser(strict=False, delimiters="=", comment_prefixes="#")
    parser.optionxform = str
    parser.read(path)
    assert parser.sections()


def test_each_step_of_the_ladders_table_names_a_counter_and_a_test_that_are_there():
    text = (
        (UNITS.parent / "README.md").read_text().partition("### The recovery ladder")[2].partition("\n- ")[0]
    )
    rows = re.findall(
        r"^\| (?:\d|beside) \| .* \| (`[\w`, ]+`.*) \| `([\w/]+\.py)::(test_\w+)` \|$", text, re.M
    )
    assert len(rows) == 10
    named = set(re.findall(r"`(\w+)`", " ".join(counters for counters, _, _ in rows)))
    assert named == COUNTERS.keys()
    tests = UNITS.parents[1] / "tests"
    assert [test for _, file, test in rows if f"def {test}(" not in (tests / file).read_text()] == []
