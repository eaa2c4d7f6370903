"""What a run does and leaves out, with steps that only write their result's file."""

import json
import threading

import numpy as np
import pytest

from models.data.datasets import DataError, Face
from models.methods import figures, schedule
from models.methods.recipe import read, with_needed
from models.methods.run_files import FLOAT, INT8, MEASURED
from models.methods.schedule import Schedule, planned

FACES = [Face("a.jpg", 20.0), Face("b.jpg", 40.0)]


@pytest.fixture
def made(monkeypatch, tmp_path):
    """The steps that were made, in their order; a step of a row named in `made.fail` fails."""
    done = type("Steps", (list,), {"fail": set()})()

    def step(name, file):
        def write(*arguments):
            folder = next(a for a in arguments if getattr(a, "name", "").startswith("seed-"))
            done.append(f"{name} {folder.parent.name}")
            if folder.parent.name in done.fail:
                return False
            content = {"int8": {"test": {"mae": 1.0, "estimates": figures.packed(np.array([21.0, 39.0]))}}}
            (folder / file).write_text(json.dumps(content if file == MEASURED else {}))
            return True

        return write

    steps = {"train": FLOAT, "quantize": INT8, "measure": MEASURED}
    for name, file in steps.items():
        monkeypatch.setattr(schedule, name, step(name, file))
    monkeypatch.setattr(schedule, "in_a_process", lambda step, arguments, title: step(*arguments))
    monkeypatch.setattr(
        schedule, "read_test", lambda cache, name: (FACES, None, {}) if name == "test" else None
    )
    return done


def jobs(tmp_path, *names, epochs=None, seeds=1):
    return planned(with_needed(names, {"epochs": epochs} if epochs else None), seeds, tmp_path)


def run(tmp_path, *names, protocol="p1", parallel=1, epochs=None):
    plan = jobs(tmp_path, *names, epochs=epochs)
    failed = Schedule(plan, tmp_path, protocol, tmp_path / "figures", parallel).run()
    return [job.recipe.name for job in failed]


def test_each_step_is_made_once_and_the_figures_are_written_down(made, tmp_path):
    assert run(tmp_path, "ssrnet") == []
    assert made == ["train ssrnet", "quantize ssrnet", "measure ssrnet"]
    assert figures.has(read("ssrnet"), "p1", 1, tmp_path / "figures")
    assert run(tmp_path, "ssrnet") == []
    assert len(made) == 3


def test_a_run_goes_on_at_the_step_that_is_missing(made, tmp_path):
    run(tmp_path, "ssrnet")
    (tmp_path / "ssrnet" / "seed-1" / MEASURED).unlink()
    run(tmp_path, "ssrnet")
    assert made[3:] == ["measure ssrnet"]


@pytest.mark.parametrize("parallel", [1, 3])
def test_what_a_row_needs_comes_first_and_a_teacher_is_trained_only(made, tmp_path, parallel):
    assert run(tmp_path, "dex-both", parallel=parallel) == []
    assert made.index("train dex") < made.index("train dex-both")
    assert made.index("train order") < made.index("train dex-both")
    assert "quantize order" not in made
    assert figures.read("order", tmp_path / "figures") is None


def test_no_worker_waits_while_another_row_could_be_made(made, tmp_path, monkeypatch):
    """A row whose teacher was still learning kept a processor idle for the length of a training."""
    order = threading.Event()

    def slow(step, arguments, title):
        if title.startswith("dex,"):
            assert order.wait(10), "order was not begun while dex was at work"
        if title.startswith("order,"):
            order.set()
        return step(*arguments)

    monkeypatch.setattr(schedule, "in_a_process", slow)
    plan = {job.recipe.name: job for job in jobs(tmp_path, "dex-dark", "order")}
    rows = [plan[name] for name in ("dex", "dex-dark", "order")]
    assert Schedule(rows, tmp_path, "p1", tmp_path / "figures", 2).run() == []
    assert made.index("train order") < made.index("train dex-dark")


def test_two_seeds_are_two_folders_and_each_is_taught_by_its_own(tmp_path):
    plan = jobs(tmp_path, "dex-dark", seeds=2)
    assert [job.title for job in plan] == [
        "dex, seed 1",
        "dex-dark, seed 1",
        "dex, seed 2",
        "dex-dark, seed 2",
    ]
    assert [job.folder for job in plan[3].before] == [tmp_path / "dex" / "seed-2"]


def test_what_needs_a_row_that_fails_is_left_out_and_the_rest_is_done(made, tmp_path, capsys):
    made.fail.add("dex")
    assert run(tmp_path, "dex-dark", "ssrnet") == ["dex", "dex-dark"]
    assert "train dex-dark" not in made
    said = capsys.readouterr().out
    assert "dex, seed 1: FAILED; 1 of 3" in said
    assert "dex-dark, seed 1: left out; 2 of 3" in said
    assert "ssrnet, seed 1: done; 3 of 3, " in said


def test_a_folder_begun_by_another_protocol_is_refused(made, tmp_path):
    run(tmp_path, "ssrnet")
    with pytest.raises(DataError, match="begun by another recipe, protocol or data"):
        run(tmp_path, "ssrnet", protocol="p2")


def test_the_time_left_is_told_from_the_epochs_done(made, tmp_path):
    first, other = jobs(tmp_path, "ssrnet", "mobilenet", epochs=10)
    plan = Schedule([first, other], tmp_path, "p1", tmp_path / "figures", parallel=2)
    first.folder.mkdir(parents=True)
    (first.folder / schedule.LOG).write_text("epoch,loss,seconds\n1,9.0,60.0\n2,8.0,60.0\n")
    assert plan.left() == "about 9 min of training left"  # 8 and 10 epochs of a minute, two at a time
    for job in (first, other):
        job.folder.mkdir(parents=True, exist_ok=True)
        (job.folder / FLOAT).write_text("{}")
    assert plan.left() == "nothing left to train"


def test_a_step_runs_in_a_process_of_its_own_and_its_status_comes_back(tmp_path, capfd):
    missing = tmp_path / "seed-1"
    missing.mkdir()
    assert not schedule.in_a_process(schedule.measure, (missing, tmp_path), "ssrnet, seed 1")
    assert f"models methods, measure ssrnet, seed 1: {missing / INT8}" in capfd.readouterr().err
