"""The comparison with other loops: medians, ratios round by round, and failures in their own words."""

import json
import sys

import pytest

from models import alternatives

OURS = {"p50_ms": 2.0, "peak_rss_mib": 64.0}
OTHER = {"p50_ms": 30.0, "peak_rss_mib": 146.0}


def test_each_loop_has_its_time_its_memory_and_its_ratio_to_ours():
    report = alternatives.measure({"ours": lambda: OURS, "other": lambda: OTHER}, rounds=2)
    assert report["ours"] == {"p50_ms": 2.0, "peak_rss_mib": 64.0, "ratio": 1.0}
    assert report["other"] == {"p50_ms": 30.0, "peak_rss_mib": 146.0, "ratio": 15.0}
    assert alternatives.table(report).splitlines()[2].split() == ["other", "30.00", "15.00", "146.0"]


def test_another_loop_s_figures_are_its_last_line():
    program = f"print('starting'); print({json.dumps(OTHER)!r})"
    assert alternatives.theirs([sys.executable, "-c", program]) == OTHER


def test_a_loop_that_fails_is_told_in_its_own_words(capfd):
    with pytest.raises(RuntimeError, match="no such package"):
        alternatives.theirs([sys.executable, "-c", "raise SystemExit('no such package')"])


def test_a_clip_that_is_none_ends_with_one_line_and_status_2(capfd, tmp_path):
    assert alternatives.main(["--clip", str(tmp_path / "none.mkv"), "--frames", "1", "--rounds", "1"]) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert "none.mkv" in err
    assert "Traceback" not in err
