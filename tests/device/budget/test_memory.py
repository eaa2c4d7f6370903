import os

import pytest

from device.budget.memory import Part, Watcher, check, cma_used_mib, peak_mib, resident_mib, table, total
from device.errors import BudgetError, ConfigError

PARTS = [Part("frames", 3.5), Part("detector", 4.0)]


def test_the_table_names_every_part_the_sum_and_the_budget():
    assert table(PARTS, 128).splitlines() == [
        "  frames        3.5 MiB",
        "  detector      4.0 MiB",
        "  sum           7.5 MiB",
        "  budget      128.0 MiB",
    ]


def test_what_fits_is_accepted_to_the_last_byte():
    check(PARTS, 7.5)


def test_what_does_not_fit_is_refused_with_the_table():
    with pytest.raises(ConfigError, match=r"memory_mib = 7 MiB is too little") as caught:
        check(PARTS, 7)
    assert table(PARTS, 7) in str(caught.value)
    assert total(PARTS) == 7.5


def test_this_process_holds_something_and_held_no_less_at_its_peak():
    assert 1 < resident_mib() <= peak_mib() + 1


def test_figures_of_the_kernel_are_read_in_mib(tmp_path):
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal: 1000 kB\nCmaTotal:         524288 kB\nCmaFree:          491520 kB\n")
    assert cma_used_mib(meminfo) == 32.0
    meminfo.write_text("MemTotal: 1000 kB\n")
    assert cma_used_mib(meminfo) == 0.0


class Process:
    """A process whose memory the test sets, and what the watcher did about it."""

    def __init__(self, budget=100.0):
        self.held, self.cma, self.now = 50.0, 16.0, 0.0
        self.told, self.closed = [], []
        self.watcher = Watcher(
            budget,
            self.shed,
            lambda event, **facts: self.told.append(facts),
            resident=lambda: self.held,
            cma=lambda: self.cma,
        )

    def shed(self):
        self.closed.append("web")
        return ["web"]

    def after_a_second(self, held):
        self.held = held
        self.now += 1.0
        self.watcher.tick(self.now)


def test_within_the_budget_nothing_happens():
    process = Process()
    process.after_a_second(89.0)
    assert (process.told, process.closed, process.watcher.growing) == ([], [], True)


def test_first_the_optional_outputs_go_and_only_once():
    process = Process()
    process.after_a_second(91.0)
    process.after_a_second(92.0)
    assert process.closed == ["web"]
    assert process.told == [{"used_mib": 91, "budget_mib": 100.0, "closed": ["web"]}]
    assert process.watcher.growing


def test_then_growth_is_refused_until_there_is_room_again():
    process = Process()
    process.after_a_second(96.0)
    assert not process.watcher.growing
    process.after_a_second(90.0)
    assert process.watcher.growing
    assert [facts.get("doing") for facts in process.told[1:]] == [
        "no new faces are followed",
        "new faces are followed again",
    ]


def test_then_the_process_leaves_with_status_75():
    process = Process()
    with pytest.raises(BudgetError, match="holds 101 MiB, more than its budget of 100 MiB") as caught:
        process.after_a_second(101.0)
    assert caught.value.exit_status == 75
    assert process.told[-1]["doing"] == "the process leaves"


def test_what_the_camera_takes_of_the_cma_pool_counts():
    process = Process()
    process.cma += 60.0
    with pytest.raises(BudgetError, match="holds 110 MiB"):
        process.after_a_second(50.0)


def test_what_others_had_of_the_pool_before_does_not():
    process = Process()
    process.cma -= 10.0
    process.after_a_second(80.0)
    assert process.told == []


def test_it_looks_once_a_second_only():
    process = Process()
    process.after_a_second(50.0)
    process.held = 200.0
    process.watcher.tick(process.now + 0.5)


def test_the_process_s_own_figures_are_read_in_mib(tmp_path):
    status = tmp_path / "status"
    status.write_text("VmPeak: 9 kB\nVmHWM:\t   98304 kB\nVmRSS: 7 kB\n")
    assert peak_mib(status) == 96.0
    statm = tmp_path / "statm"
    statm.write_text("9999 512 77 1 0 300 0\n")
    assert resident_mib(statm) == 512 * os.sysconf("SC_PAGE_SIZE") / 1048576


def test_each_limit_holds_to_its_last_byte():
    process = Process()
    process.after_a_second(90.0)
    assert process.closed == []
    process.after_a_second(95.0)
    assert process.watcher.growing
    process.after_a_second(100.0)
    assert not process.watcher.growing


def test_what_is_told_says_how_much_and_of_how_much():
    process = Process()
    process.after_a_second(96.0)
    with pytest.raises(BudgetError):
        process.after_a_second(101.0)
    assert [(facts["used_mib"], facts["budget_mib"]) for facts in process.told] == [
        (96, 100.0),
        (96, 100.0),
        (101, 100.0),
    ]


def test_it_looks_at_the_very_first_frame():
    process = Process()
    process.held = 101.0
    with pytest.raises(BudgetError):
        process.watcher.tick(0.0)


def test_the_table_s_figures_are_sums():
    assert total([]) == 0
    assert total([Part("a", 1.25)]) == 1.25
