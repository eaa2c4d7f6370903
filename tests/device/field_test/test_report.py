"""What a field test leaves behind: a page that needs nothing but itself, and the same as JSON."""

import json
import os
import re
from html.parser import HTMLParser

import pytest

from device.config.loader import defaults
from device.errors import ConfigError
from device.field_test.conductor import Done
from device.field_test.judge import judge_machine, judge_step
from device.field_test.report import document, last_of, page, prepared, save
from device.field_test.steps import machine_checks, steps
from tests.device.field_test.script import SAMPLES, altered, sights

FACTS = {"release": "kiosk-age 1.2", "device": "a <board>"}


def report(site="Lobby", time="2026-03-01T10:00:00+0100", missing=(), **facts):
    """A good site's, with other facts of who stands at 2 m."""
    done = []
    for step in steps():
        seen = altered(sights(step.name), **facts) if step.name == "2 m" else sights(step.name)
        done.append(Done(step, judge_step(step, seen)))
    machine = judge_machine(machine_checks(defaults()), SAMPLES, 14.0, 30.0, 0)
    return document(site, time, FACTS, done, missing, machine)


class Strict(HTMLParser):
    """Elements must be closed in their order; `fetched` is what a browser would ask for."""

    def __init__(self):
        super().__init__()
        self.open, self.fetched = [], []

    def handle_starttag(self, tag, attributes):
        if tag not in ("meta", "img", "br"):
            self.open.append(tag)
        self.fetched += [value for name, value in attributes if name in ("src", "href")]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def parsed(text):
    parser = Strict()
    parser.feed(text)
    assert parser.open == []
    return parser


def test_a_good_site_has_nothing_to_mend():
    found = report()
    assert found["grade"] == "well"
    text = page(found)
    assert "To be mended</h2><p>Nothing.</p>" in text
    assert "<th>last" not in text
    assert "a &lt;board&gt;" in text
    assert parsed(text).fetched == []
    assert "url(" not in text


def test_what_is_not_well_is_shown_with_its_remedy():
    text = page(report(eyes=5.0))
    mend = re.search("To be mended</h2>(.*)\n", text).group(1)
    assert mend.startswith(
        '<ul><li><span class="grade failed">✗ failed</span> 2 m: 5 pixels between the eyes'
    )
    assert "→ bring the camera nearer" in mend
    assert "<td>5 pixels</td><td>at least 14 pixels</td>" in text


def test_a_remedy_that_mends_two_things_stands_there_once():
    text = page(report(spread=20.0, score=0.3))
    assert text.count("→ focus the camera") == 1
    assert "2 m: 0.30 how sure the detector is; " in text


def test_steps_not_gone_through_are_a_failure_and_named():
    found = report(missing=["mask", "lamps"])
    assert found["grade"] == "failed"
    assert "Not gone through: mask, lamps." in page(found)


def test_the_last_test_of_the_same_site_is_shown_beside(tmp_path):
    save(tmp_path, report(time="2026-01-01T10:00:00+0100", eyes=20.0))
    save(tmp_path, report(time="2026-02-01T10:00:00+0100", eyes=5.0))
    save(tmp_path, report("Kiosk", "2026-02-02T10:00:00+0100", eyes=6.0))
    last = last_of(tmp_path, "Lobby")
    text = page(report(), last)
    assert "<th>last, 2026-02-01T10:00:00+0100</th>" in text
    assert (
        "<td>23 pixels</td><td>at least 14 pixels</td>"
        '<td><span class="grade well">✓ well</span></td>'
        '<td>5 pixels <span class="grade failed">✗ failed</span></td>' in text
    )
    parsed(text)


def test_a_last_report_that_somebody_changed_is_only_text():
    last = report()
    last["time"] = last["steps"][0]["findings"][0]["figure"] = "<script>"
    assert "<script>" not in page(report(), last)


def test_files_that_are_no_reports_are_passed_over(tmp_path):
    contents = [
        "",
        "[]",
        "{}",
        '{"site": "Lobby"}',
        '{"site": 3, "time": 4, "steps": 1}',
        "[" * 100_000,
        "\0",
    ]
    for number, content in enumerate(contents):
        (tmp_path / f"field-test-{number}.json").write_text(content)
    (tmp_path / "field-test-large.json").write_text(" " * 2**20 + json.dumps(report()))
    (tmp_path / "field-test-folder.json").mkdir()
    assert last_of(tmp_path, "Lobby") is None


def test_page_and_json_are_kept_under_site_and_time(tmp_path):
    html, data = save(tmp_path, report("Café / Nord"))
    assert html.name == "field-test-caf-nord-20260301100000.html"
    assert sorted(os.listdir(tmp_path)) == [html.name, data.name]
    assert json.loads(data.read_text(encoding="utf-8")) == report("Café / Nord")
    assert html.read_text(encoding="utf-8") == page(report("Café / Nord"))


def test_a_picture_is_in_the_page_only_when_there_is_one():
    assert "<img" not in page(report())
    text = page(report(), picture=b"\xff\xd8")
    assert parsed(text).fetched == ["data:image/jpeg;base64,/9g="]


def test_nothing_of_a_person_is_in_the_json():
    said = json.dumps(report())
    assert not re.search(r'"(id|box|age|image|picture_?data)"', said)


def test_a_folder_that_cannot_be_written_is_said_before_the_test(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="nothing can be written there"):
        prepared(tmp_path / "file" / "below")
    prepared(tmp_path / "new" / "folder")
    assert os.listdir(tmp_path / "new" / "folder") == []
