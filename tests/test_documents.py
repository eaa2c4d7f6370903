"""What the documents say is what was measured, and what they name is there."""

import hashlib
import json
import re
import subprocess
import sys
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()
CARD = (ROOT / "models" / "README.md").read_text()
FIGURES = ROOT / "models" / "figures"
REPORTS, TRACKS = (
    json.loads((FIGURES / f"{name}.json").read_text())["reports"] for name in ("evaluate", "tracks")
)
PINS = json.loads((ROOT / "models" / "pins.json").read_text())
ROWS = {
    "age utkface": "| `age`, UTKFace test, 2,358 chips as stored |",
    "age-wide utkface": "| `age-wide`, the same |",
    "age fgnet": "| `age`, FG-NET, 507 photographs, `--detect`, none missed |",
    "age-wide fgnet": "| `age-wide`, the same |",
}


def figure(value, places=2, sign=""):
    """As a person rounds it."""
    return format(Decimal(str(value)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP), sign)


@pytest.mark.parametrize("name", ROWS)
def test_the_cards_figures_are_those_of_evaluate(name):
    r = REPORTS[name]
    shares = " / ".join(figure(r[f"ca{n}"], 0) for n in (3, 5, 7))
    bias = figure(r["bias"], sign="+" if r["bias"] > 0 else "")
    row = " | ".join([f"{figure(r['mae'])} | {shares} %", bias,
                      *(figure(r[key]) for key in ("mae_16_77", "masked", "eyes_covered"))])  # fmt: skip
    assert f"{ROWS[name]} {row} |" in CARD


def test_the_cards_groups_are_those_of_evaluate():
    r = REPORTS["age utkface"]
    decades = {f"{key}s": row for key, row in r["by_decade"].items()}
    for key, row in (decades | r["by_gender"] | r["by_race"]).items():
        assert f"| {key} | {figure(row['mae'])} | {figure(row['bias'], sign='+')} | {row['n']} |" in CARD


@pytest.mark.parametrize("name", ["age", "age-wide"])
def test_the_readmes_errors_are_those_of_evaluate(name):
    line = next(line for line in README.splitlines() if line.startswith(f"| `{name}`"))
    assert f"| {figure(REPORTS[f'{name} utkface']['mae'])} years |" in line
    assert line.endswith(f"| {figure(REPORTS[f'{name} fgnet']['mae'])} years |")


def test_the_readmes_memory_is_that_of_bench():
    report = json.loads((FIGURES / "bench.json").read_text())["report"]
    said = f"comes to {figure(report['peak_memory_mib'], 1)} MiB after {report['frames']} frames"
    assert said in README


def test_what_masks_and_covered_eyes_cost():
    def cost(what, data):
        return sorted(figure(r[what] - r["mae"], 1) for name, r in REPORTS.items() if name.endswith(data))

    masks = [" to ".join(cost("masked", data)) for data in ("utkface", "fgnet")]
    eyes = cost("eyes_covered", "")
    assert f"Masks cost {masks[0]} years on UTKFace and {masks[1]} on FG-NET" in CARD
    assert f"covered eyes {eyes[0]} to {eyes[-1]};" in CARD


SHOWN_AGES = (  # of each column
    ["single frame"], ["EMA 0.05", "median of 10"],
    ["close single"], ["close EMA", "close median"], ["device"],
)  # fmt: skip
STEADINESS = {  # a row of the table: its key, and how a value is written
    "MAE at 1 s, years": ("mae_at_1s", lambda value: figure(value, 1)),
    "wandering while one stands still, years": ("wander_still_mean", lambda value: figure(value, 1)),
    "within a year of its last after 1 s": ("arrived_in_1s", lambda value: figure(100 * value, 0)),
    "changes of band a minute": (
        "band_changes_a_minute",
        lambda value: figure(value, 0 if value >= 20 else 1),
    ),
}


@pytest.mark.parametrize("name", STEADINESS)
def test_the_steadiness_of_shown_ages_is_that_of_tracks(name):
    key, written = STEADINESS[name]
    unit = " %" if key == "arrived_in_1s" else ""
    test, fgnet = (TRACKS[data]["ages"] for data in ("utkface", "fgnet"))
    cells = [", ".join(written(test[age][key]) for age in ages) + unit for ages in SHOWN_AGES]
    cells.append(f"{written(fgnet['close single'][key])}, {written(fgnet['device'][key])}{unit}")
    assert f"| {name} | {' | '.join(cells)} |" in CARD


def test_intervals_replacements_and_crossings_are_those_of_tracks():
    holds = [figure(100 * TRACKS[data]["interval_holds_truth"], 0) for data in ("utkface", "fgnet")]
    card = " ".join(CARD.split())
    assert f"holds the truth in {holds[0]} % of the cases on `test/`, in {holds[1]} % on FG-NET" in card
    recovered = [TRACKS[data]["ages"]["device"]["recovered_in_1.5s"] for data in ("utkface", "fgnet")]
    assert recovered[0] == 1
    share = figure(100 * recovered[1], 0)
    assert f"all of {TRACKS['utkface']['changes_of_person']} cases (on FG-NET in {share} %)" in card
    switches = [TRACKS[data]["identity"]["device"]["crossing"]["switches"] for data in ("utkface", "fgnet")]
    assert f"there are {switches[0]} identity switches (FG-NET {switches[1]})" in card


@pytest.mark.parametrize(("name", "cover"), [("bare", "bare"), ("mask", "mask"), ("dark glasses", "dark")])
def test_how_often_the_interval_holds_is_that_of_evaluate(name, cover):
    held = REPORTS["age utkface"]["interval"][cover]
    decades = " ".join(figure(held[f"{decade}s"], 0) for decade in range(0, 90, 10))
    row = f"| {name} | {figure(held['all'], 0)} | {decades} | {held['width']} |"
    assert row in (ROOT / "device" / "age" / "README.md").read_text()


@pytest.mark.parametrize("data", TRACKS)
def test_the_tracks_are_the_shipped_networks(data):
    assert TRACKS[data]["model_sha256"] == PINS["age"]["sha256"]


@pytest.mark.parametrize("name", REPORTS)
def test_the_figures_are_the_shipped_networks(name):
    assert REPORTS[name]["model_sha256"] == PINS[name.split()[0]]["sha256"]


def test_the_proofs_are_the_shipped_networks():
    sensitivity = (ROOT / "calibration" / "proofs" / "sensitivity.md").read_text()
    assert REPORTS["age utkface"]["model_sha256"][:12] in sensitivity
    report = (ROOT / "calibration" / "proofs" / "report.md").read_text()
    weights = hashlib.sha256((ROOT / "models" / "age.weights.h5").read_bytes()).hexdigest()
    assert weights[:12] in report
    assert f"| shipped faces, 400 | {REPORTS['age utkface']['mae']} |" in report


def test_the_table_of_places_names_files_that_are_there():
    text = (ROOT / "device" / "README.md").read_text()
    table = text.partition("## To change this, open that")[2]
    places = re.findall(r"^\| [^|]+ \| `([^`]+)` \|$", table, re.MULTILINE)
    assert len(places) >= 20
    assert [place for place in places if not (ROOT / "device" / place).is_file()] == []


def test_each_row_of_the_fault_table_names_a_test_that_is_there():
    text = (ROOT / "device" / "README.md").read_text().partition("## Faults")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| .* \| `([\w/]+\.py)::(test_\w+)` \|$", text, re.MULTILINE)
    assert len(rows) == text.count("\n|") - 2 >= 45
    missing = [
        (file, test)
        for file, test in rows
        if f"def {test}(" not in (ROOT / "tests" / "device" / file).read_text()
    ]
    assert missing == []


@pytest.mark.slow
def test_the_figures_of_evaluate_come_out_again(samples):
    command = [sys.executable, "-m", "models", "evaluate", "--json", "--data"]
    command.append(str(samples / "data" / "utkface64.zip"))
    done = subprocess.run(command, cwd=ROOT, timeout=250, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found, kept = json.loads(done.stdout), REPORTS["age utkface"]
    for key in (
        "n",
        "mae",
        "bias",
        "mae_16_77",
        "masked",
        "eyes_covered",
        "by_decade",
        "by_gender",
        "by_race",
    ):
        assert found[key] == kept[key]
