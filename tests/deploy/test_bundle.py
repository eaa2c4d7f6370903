import subprocess

import pytest

from deploy import bundle
from deploy.__main__ import main
from deploy.errors import DeployError


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A repository like this one, small: a module, a model and its pins, the fetched detector."""
    for name in (
        "device/run.py",
        "models/age.tflite",
        "models/pins.json",
        "models/train.py",
        "tests/test_run.py",
    ):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(name)
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", str(tmp_path)]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        subprocess.run([*git, *command], check=True)
    (tmp_path / "models" / "fetched").mkdir()
    (tmp_path / "models" / "fetched" / "face.tflite").write_text("face")
    (tmp_path / "device" / "untracked.py").write_text("left behind")
    monkeypatch.setattr(bundle, "ROOT", tmp_path)
    return tmp_path


def test_the_application_is_the_tracked_files_of_the_device_and_the_models(repository, tmp_path):
    bundle.copy_application(tmp_path / "release")
    found = sorted(
        p.relative_to(tmp_path / "release").as_posix() for p in (tmp_path / "release").rglob("*.*")
    )
    assert found == [
        "app/device/run.py",
        "app/models/age.tflite",
        "app/models/fetched/face.tflite",
        "app/models/pins.json",
    ]


def test_without_the_fetched_models_it_says_what_fetches_them(repository, tmp_path):
    (repository / "models" / "fetched" / "face.tflite").unlink()
    with pytest.raises(DeployError, match="run `make setup`"):
        bundle.copy_application(tmp_path / "release")


def test_what_is_not_committed_is_not_bundled(repository):
    assert len(bundle.committed()) == 40
    (repository / "device" / "run.py").write_text("changed")
    with pytest.raises(DeployError, match=r"run\.py is not committed"):
        bundle.committed()


def test_a_tool_that_fails_or_is_missing_is_one_sentence(repository):
    with pytest.raises(DeployError, match="no-such-tool is not here; run `make bundle`"):
        bundle.run("no-such-tool")
    with pytest.raises(DeployError, match=r"git failed: .*not-a-command"):
        bundle.run("git", "not-a-command")


def test_commands_that_are_not_there_are_status_2(capsys):
    assert main(["fly"]) == 2
    assert "unknown command; allowed: bundle, flash" in capsys.readouterr().err
    assert main([]) == 0
    assert "bundle" in capsys.readouterr().out


def test_flash_alone_says_in_five_lines_what_it_can_do(capsys):
    assert main(["flash"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert len(said) == 5
    assert [line.split()[1] for line in said[:4]] == ["flash", "flash", "status", "rollback"]
