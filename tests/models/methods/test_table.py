"""The table of made-up figures: what it shows, what it refuses, and its intervals against known ones."""

import json

import numpy as np
import pytest

from models.data.datasets import DataError
from models.methods import figures, instructions
from models.methods.recipe import names, read
from models.methods.table import BEGIN, END, Table, interval, plot, write

LABELS = {"test": np.arange(0, 100, dtype=np.float32), "photographs": np.arange(0, 50, dtype=np.float32)}


def said(off, size=92_000):
    """A seed's figures of a network that is `off` by so many years on every face."""
    tests = {
        name: {"n": len(labels), "mae": off, "masked": off + 1, "eyes_covered": off + 2,
               "estimates": figures.packed(labels + off)}
        for name, labels in LABELS.items()
    }  # fmt: skip
    return {"parameters": 40_915, "multiply_adds": 17_000_000, "bytes": size, "operations": 40,
            "delegated": 38, "partitions": 2, "ms": 0.21, "seconds_an_epoch": 33.0,
            "float": {"test": off - 0.1, "photographs": off}, "int8": tests}  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    figures.add(read("ssrnet"), "p1", 1, said(5.0), LABELS, tmp_path)
    figures.add(read("ssrnet"), "p1", 2, said(7.0), LABELS, tmp_path)
    figures.add(read("ssrnet-static"), "p1", 1, said(7.5, 90_000), LABELS, tmp_path)
    return tmp_path


def table(folder, counts=None):
    return Table.read([read(name) for name in names()], folder, counts or folder / "none.json")


def test_packed_estimates_come_back_to_a_hundredth():
    values = np.array([0.004, 33.337, -12.5, 101.0])
    np.testing.assert_allclose(figures.unpacked(figures.packed(values)), values, atol=0.0051)


def test_the_means_of_the_seeds_and_the_difference_stand_in_the_row(folder):
    text = table(folder).markdown()
    row = next(line for line in text.splitlines() if line.startswith("| `ssrnet-static`"))
    # 7.5 on every face against the mean of 5 and 7
    assert "| 7.50 | +1.50 (+1.50 to +1.50) | 8.50 | 9.50 |" in row
    assert "| 1 × 20 |" in row
    first = next(line for line in text.splitlines() if line.startswith("| `ssrnet`: "))
    assert "| 2 × 20 | 5.90 | 6.00 | – | 7.00 | 8.00 | 6.00 | 6.00 |" in first
    assert "40,915" in first
    assert "38 of 40 in 2" in first


def test_instructions_stand_in_every_row_of_the_network_that_was_counted(folder, tmp_path):
    counts = tmp_path / "counts.json"
    instructions.keep("dex", {"cortex-a72": 17.04, "cortex-a76": 11.26}, counts)
    figures.add(read("joint"), "p1", 1, said(6.0), LABELS, folder)  # DEX's network, by another loss
    rows = {
        line.split("`")[1]: line for line in table(folder, counts).markdown().splitlines() if "`: " in line
    }
    assert "| 40,915 | 17.0 | 17.0 | 11.3 | 92 |" in rows["joint"]
    assert "| 40,915 | 17.0 | – | – | 92 |" in rows["ssrnet"]


def test_of_each_network_without_counts_one_row_is_counted(tmp_path):
    counts = tmp_path / "counts.json"
    instructions.keep("ssrnet", {"cortex-a72": 1, "cortex-a76": 1}, counts)
    for row in ("dex-dark", "joint", "mrcnn", "not-a-row", "ssrnet"):
        model = tmp_path / row / "seed-1" / "int8.tflite"
        model.parent.mkdir(parents=True)
        model.touch()
    assert [row for row, _ in instructions.uncounted(tmp_path, counts)] == ["dex-dark", "mrcnn"]


def test_a_damaged_file_of_counts_is_one_sentence(folder, tmp_path):
    (tmp_path / "counts.json").write_text('{"ssrnet": {"cortex-a72": 1}}')
    with pytest.raises(DataError, match=r"counts\.json: damaged .* count again"):
        table(folder, tmp_path / "counts.json")


def test_what_is_not_trained_is_said_with_its_command(folder):
    text = table(folder).markdown()
    assert "| `mobilenet`: MobileNet 0.25 | not trained yet |" in text
    assert "Rows trained: 2 of 32." in text
    command = text.rpartition("Not trained yet: ")[2]
    assert command.startswith("`python -m models methods run c3ae covered-both")
    assert "ssrnet-static" not in command.split()
    assert "order" not in command.split()  # a teacher has no row


def test_the_best_of_each_size_is_named(folder):
    figures.add(read("tiny-4"), "p1", 1, said(4.0, 950_000), LABELS, folder)
    text = table(folder).markdown()
    assert "The best under 100 KB so far: `ssrnet`, 6.00 years." in text
    assert "The best under 1 MB so far: `tiny-4`, 4.00 years." in text


def test_rows_of_different_protocols_are_refused(folder):
    figures.add(read("dex"), "p2", 1, said(6.0), LABELS, folder)
    with pytest.raises(DataError, match=r"ssrnet and dex were made by different protocols \(p1, p2\)"):
        table(folder)


def test_figures_of_another_recipe_are_refused(folder):
    path = folder / "ssrnet-static.json"
    content = json.loads(path.read_text())
    content["recipe"]["loss"] = {"l1": 2.0}
    path.write_text(json.dumps(content))
    with pytest.raises(DataError, match="ssrnet-static: its figures are another recipe's"):
        table(folder)


def test_a_damaged_file_is_one_sentence(folder):
    (folder / "dex.json").write_text("{")
    with pytest.raises(DataError, match=r"dex\.json: damaged .* remove it"):
        table(folder)


def test_another_protocol_replaces_a_rows_figures_and_a_seed_adds_to_them(folder):
    assert figures.has(read("ssrnet"), "p1", 2, folder)
    assert not figures.has(read("ssrnet"), "p1", 3, folder)
    figures.add(read("ssrnet"), "p2", 3, said(5.0), LABELS, folder)
    assert figures.read("ssrnet", folder)["seeds"].keys() == {"3"}


def test_the_interval_is_that_of_the_normal_distribution_where_there_are_many_faces():
    differences = np.random.default_rng(1).normal(0.3, 2.0, 4000)
    low, high = interval(differences)
    mean, half = differences.mean(), 1.96 * differences.std() / np.sqrt(4000)
    assert low == pytest.approx(mean - half, abs=0.006)
    assert high == pytest.approx(mean + half, abs=0.006)


def test_the_table_takes_its_place_in_the_readme_and_nothing_else_changes(folder, tmp_path):
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    write("new\n", readme)
    assert readme.read_text() == f"before\n{BEGIN}\nnew\n{END}\nafter\n"
    readme.write_text("no marks")
    with pytest.raises(DataError, match="are missing"):
        write("new\n", readme)
    plot(table(folder), tmp_path / "errors.png")
    assert (tmp_path / "errors.png").read_bytes()[:4] == b"\x89PNG"


def test_the_committed_figures_make_the_committed_table():
    from models.methods.recipe import HERE

    text = (HERE / "README.md").read_text()
    assert (
        table(figures.FIGURES, instructions.FILE).markdown()
        == text.partition(f"{BEGIN}\n")[2].partition(END)[0]
    )
