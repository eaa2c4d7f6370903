import ast

import pytest

from tests.mutation.__main__ import BEGIN, END, merged, own_tests, row
from tests.mutation.judge import CleanRunFailed, Verdict, judge
from tests.mutation.operators import mutants, sample

TOY = "def larger(a, b):\n    return a if a > b else b\n"
TOY_TEST = "from toy.two import larger\n\n\ndef test_larger():\n    assert larger(2, 1) == 2\n"


def changes(source):
    tree = ast.parse(source)
    found = mutants(tree)
    for mutant in found:
        mutant.compiled(tree, "toy.py")
    assert ast.unparse(tree) == ast.unparse(ast.parse(source))  # and the tree is as it was
    return [mutant.change for mutant in found]


@pytest.mark.parametrize(("source", "expected"), [
    ("a < b", ["a < b → a <= b", "a < b → a >= b"]),
    ("a == b", ["a == b → a != b"]),
    ("0 < a <= b", ["0 < a <= b → 0 <= a <= b", "0 < a <= b → 0 < a < b", "0 → 1"]),
    ("a + b", ["a + b → a - b"]),
    ("'a' + b", []),
    ("a += b", ["a += b → a -= b"]),
    ("a and b", ["a and b → a or b"]),
    ("not a", ["not a → a"]),
    ("x = 3", ["3 → 4"]),
    ("x = 0.5", ["0.5 → 1.0"]),
    ("x = 0.0", ["0.0 → 1.0"]),
    ("x = True", ["True → False"]),
    ("min(a, b)", ["min(a, b) → pass", "min(a, b) → max(a, b)"]),
    ("x = np.floor(a)", ["np.floor(a) → np.ceil(a)"]),
    ("x = f(a, b=c)", ["f(a, b=c) → f(a)"]),
    ("self.x = a", ["self.x = a → pass"]),
    ("raise a", ["raise a → pass"]),
    ("x = a if b else c", ["a if b else c → a if not b else c"]),
    ('"""Words."""', []),
    ("x: Literal[1] = y", []),
])  # fmt: skip
def test_each_change_is_one_of_the_list(source, expected):
    assert changes(source) == expected


def test_a_mutants_place_is_the_function_it_is_in():
    (mutant,) = mutants(ast.parse("class A:\n    def f(self):\n        return None if self.a else b\n"))[1:]
    assert (mutant.place, mutant.line) == ("A.f", 3)


def test_the_sample_is_the_same_again_and_an_edit_elsewhere_keeps_it():
    source = "".join(f"x{i} = a{i} < b{i}\n" for i in range(30))
    first = [m.change for m in sample(mutants(ast.parse(source)), 10, seed=1)]
    assert [m.change for m in sample(mutants(ast.parse(source)), 10, seed=1)] == first
    assert [m.change for m in sample(mutants(ast.parse("# words\n" + source)), 10, seed=1)] == first
    assert [m.change for m in sample(mutants(ast.parse(source)), 10, seed=2)] != first


@pytest.fixture
def toy(tmp_path):
    (tmp_path / "toy").mkdir()
    (tmp_path / "toy" / "two.py").write_text(TOY)
    test = tmp_path / "test_two.py"
    test.write_text(TOY_TEST)
    (tmp_path / "conftest.py").write_text(f"import sys\n\nsys.path.insert(0, {str(tmp_path)!r})\n")
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    return tmp_path


def verdicts(root):
    return list(judge(root / "toy" / "two.py", root, [root / "test_two.py"], at_most=32, seed=1, jobs=2))


def test_a_fault_at_the_boundary_survives_a_test_that_does_not_go_there(toy):
    found = {verdict.mutant.change: verdict.noticed for verdict in verdicts(toy)}
    assert found == {
        "return a if a > b else b → return None": "failed",
        "a > b → a >= b": None,
        "a > b → a <= b": "failed",
    }
    assert (toy / "toy" / "two.py").read_text() == TOY


def test_tests_that_fail_already_judge_nothing(toy):
    (toy / "test_two.py").write_text(TOY_TEST.replace("== 2", "== 3"))
    with pytest.raises(CleanRunFailed):
        verdicts(toy)


def test_own_tests_mirror_the_module_or_bear_its_name_anywhere(tmp_path):
    for name in (
        "tests/device/faces/test_crop.py",
        "tests/device/tracks/test_crop.py",
        "tests/models/test_crop.py",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    faces, tracks, models = (
        tmp_path / "tests" / name / "test_crop.py" for name in ("device/faces", "device/tracks", "models")
    )
    assert own_tests("device/faces/crop.py", {}, tmp_path) == [faces]
    assert own_tests("device/crop.py", {}, tmp_path) == [faces, tracks]
    assert own_tests("models/crop/__init__.py", {}, tmp_path) == [models]
    assert own_tests("device/other.py", {"device/other.py": ["tests/x.py"]}, tmp_path) == [
        tmp_path / "tests/x.py"
    ]
    assert own_tests("device/other.py", {}, tmp_path) == []


def test_a_table_keeps_the_rows_of_other_modules():
    (mutant, *_) = mutants(ast.parse("x = a | b"))
    one = row("device/b.py", [Verdict(mutant, None), Verdict(mutant, "failed")], {mutant.change: "the same"})
    assert one == "| `device/b.py` | 2 | 1 | 50 | 1: `a \\| b → a & b` (the same) |\n"
    page = merged(f"Words.\n{BEGIN}{END}\nMore.\n", {"device/b.py": one})
    page = merged(page, {"device/a.py": "| `device/a.py` | 0 | 0 | 100 |  |\n"})
    assert page.startswith(f"Words.\n{BEGIN}| module |")
    assert page.endswith(f"| `device/a.py` | 0 | 0 | 100 |  |\n{one}{END}\nMore.\n")
