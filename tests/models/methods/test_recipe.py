"""What a recipe may say, and the one sentence for what it may not."""

import re
import tomllib

import pytest

from models.__main__ import main
from models.data.datasets import DataError
from models.methods import recipe as recipes
from models.methods.recipe import BASE, ROWS, names, protocol_hash, read, with_needed

PROTOCOL = BASE.read_text()
ROW = """about = "a row"
studies = ["stages"]

[network]
name = "tiny_age_net"

[loss]
kl = 1.0
"""


@pytest.fixture
def folder(tmp_path):
    def written(row=ROW, base=PROTOCOL):
        (tmp_path / "base.toml").write_text(base)
        (tmp_path / "row.toml").write_text(row)
        return {"folder": tmp_path, "base": tmp_path / "base.toml"}

    return written


def test_there_are_at_least_24_rows_and_each_study_has_some():
    scored = [read(name) for name in names() if read(name).scored]
    assert len(scored) >= 24
    for study in recipes.STUDIES:
        assert sum(study in recipe.studies for recipe in scored) >= 5


def test_no_row_touches_what_all_share():
    for path in ROWS.glob("*.toml"):
        assert not {"protocol", "label", "range"} & tomllib.loads(path.read_text()).keys(), path


def test_a_row_inherits_the_base(folder):
    recipe = read("row", **folder())
    assert recipe.label == "age"
    assert recipe.range == [0, 100, 1]
    assert recipe.protocol.epochs == tomllib.loads(PROTOCOL)["protocol"]["epochs"]
    assert recipe.network == {"name": "tiny_age_net"}
    assert read("row", {"epochs": 3}, **folder()).protocol.epochs == 3


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        ('about = "a row"', "about = 3", "row.toml: about must be a string, not 3"),
        ("kl = 1.0", "kl = 1.0\nkll = 2", "row.toml: [loss]: unknown key 'kll'; allowed: classes, dark"),
        ("kl = 1.0", "kl = -1.0", "row.toml: [loss]: kl must be a number above 0, not -1.0"),
        ("kl = 1.0", "kl = true", "row.toml: [loss]: kl must be a number above 0, not True"),
        ("kl = 1.0", "sigma = 2.0", "row.toml: [loss] holds nothing to learn"),
        ("kl = 1.0", "kl = 1.0\ndark = 1.0", "row.toml: teacher goes with one of teacher_share, dark"),
        ("kl = 1.0", "kl = 1.0\nhint = 1.0", "row.toml: hinted goes with hint in [loss]"),
        ('name = "tiny_age_net"', 'name = "vgg"', "row.toml: [network] name must be one of ssrnet, dex"),
        ('name = "tiny_age_net"', "", "row.toml: [network] name must be one of ssrnet, dex"),
        ('name = "tiny_age_net"', 'name = "tiny_age_net"\npool = "median"', "pool must be one of hybrid,"),
        (
            'name = "tiny_age_net"',
            'name = "tiny_age_net"\ncompression = 3',
            "compression must be one of 2, 4",
        ),
        ('name = "tiny_age_net"', 'name = "ssrnet"\nstages = [3, 3, 3, 3]', "stages must be one to three"),
        ('["stages"]', '["stage"]', "row.toml: studies must be of stages, distribution, covered, ordinal"),
        ("studies", "study", "row.toml: unknown key 'study'; allowed: about, begins"),
        ("[loss]\nkl = 1.0", "", "row.toml: 'loss' is missing"),
        ("[network]", "cover = 1.5\n[network]", "row.toml: cover must be a number from 0 to 1, not 1.5"),
        ("[network]", "epochs = 9\n[network]", "row.toml: unknown key 'epochs'"),
        ("[network]", "[network", "row.toml: not TOML"),
    ],
)
def test_what_a_row_may_not_say(folder, before, after, sentence):
    assert before in ROW
    with pytest.raises(DataError, match=re.escape(sentence)):
        read("row", **folder(ROW.replace(before, after)))


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        ("epochs = 20", "epochs = 0", "base.toml: [protocol]: epochs must be a whole number from 1, not 0"),
        ("epochs = 20", "", "base.toml: [protocol]: 'epochs' is missing"),
        ("range = [0, 100, 1]", "range = [1, 5]", "base.toml: range must be the lowest value, the highest"),
        ("range = [0, 100, 1]", "range = [0, 1, 0.3]", "base.toml: range 0 to 1 is no whole number of steps"),
        ("bfloat16 = true", "bfloat16 = 1", "bfloat16 must be true or false, not 1"),
    ],
)
def test_what_the_base_may_not_say(folder, before, after, sentence):
    assert before in PROTOCOL
    with pytest.raises(DataError, match=re.escape(sentence)):
        read("row", **folder(base=PROTOCOL.replace(before, after)))


def test_a_row_comes_behind_what_it_needs():
    order = [recipe.name for recipe in with_needed(["covered-both", "dex-both"])]
    for first, later in [
        ("joint", "covered-teacher"),
        ("covered-teacher", "covered-both"),
        ("covered-triplet", "covered-both"),
        ("order", "dex-both"),
        ("dex", "dex-both"),
    ]:
        assert order.index(first) < order.index(later)


def test_a_row_that_needs_itself_is_refused(folder):
    places = folder(ROW.replace("[network]", 'begins = ["row"]\n[network]'))
    with pytest.raises(DataError, match=r"row\.toml: it needs itself"):
        with_needed(["row"], **places)


def test_the_protocols_hash_is_the_same_for_all_rows_and_changes_with_what_all_share(folder):
    assert len({protocol_hash(read(name), "data") for name in names()}) == 1
    one = protocol_hash(read("row", **folder()), "data")
    assert one != protocol_hash(read("row", **folder()), "other data")
    assert one != protocol_hash(read("row", {"epochs": 2}, **folder()), "data")
    other = folder(base=PROTOCOL.replace("rate = 2e-3", "rate = 1e-3"))
    assert one != protocol_hash(read("row", **other), "data")


def test_a_recipe_comes_back_from_json():
    recipe = read("covered-teacher")
    assert recipes.Recipe.from_dict(recipe.as_dict()) == recipe


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("run nobody --data none.zip", "models methods: no row is called 'nobody'; allowed: c3ae,"),
        ("run ssrnet --data none.zip", "models methods: none.zip: no such folder, .zip or .csv of faces"),
    ],
)
def test_one_sentence_and_status_2(line, sentence, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["methods", *line.split()]) == 2
    said = capsys.readouterr().err
    assert said.startswith(sentence)
    assert said.count("\n") == 1
