import subprocess
import tomllib

import pytest

import device
from device.__main__ import main
from device.app.version import ROOT, commit, version


def test_the_version_is_the_project_s():
    assert device.__version__ == tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]


def test_a_bundle_says_its_commit(tmp_path):
    (tmp_path / "COMMIT").write_text("0fe4315625\n")
    assert version(tmp_path) == f"kiosk-age {device.__version__} (0fe4315625)"


def test_without_a_commit_nothing_is_said(tmp_path):
    assert version(tmp_path) == f"kiosk-age {device.__version__}"
    (tmp_path / ".git").write_text("gitdir: /nowhere")
    assert commit(tmp_path) == ""


def test_a_checkout_is_asked(tmp_path):
    git = [
        "git",
        "-C",
        str(tmp_path),
        "-c",
        "user.name=t",
        "-c",
        "user.email=t@t",
        "-c",
        "commit.gpgsign=false",
    ]
    try:
        subprocess.run([*git, "init", "-q"], check=True)
    except OSError:
        pytest.skip("there is no git here")
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "x"], check=True)
    head = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout
    assert commit(tmp_path) == head[:10]


def test_the_command_prints_it(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith(f"kiosk-age {device.__version__}")
