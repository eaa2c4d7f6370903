import pytest

from device.budget.memory import Meter, Part, Watcher, check, peak_rss_mib, table, total
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


STATUS_TEXT = "Name:\tpython\nVmHWM:\t   98304 kB\nVmRSS: 7 kB\nRssAnon:\t 30720 kB\nRssFile:\t 40960 kB\n"
DMABUF = "pos:\t0\nflags:\t02000002\nmnt_id:\t16\nino:\t{ino}\nsize:\t{size}\ncount:\t1\nexp_name:\tsystem\n"


@pytest.fixture
def proc(tmp_path):
    """A process's own files: its status, and an entry for each descriptor."""
    (tmp_path / "status").write_text(STATUS_TEXT)
    (tmp_path / "fdinfo").mkdir()
    (tmp_path / "fdinfo" / "0").write_text("pos:\t0\nflags:\t02\nsize:\t777\n")  # sized, but no dma-buf
    return tmp_path


@pytest.fixture
def meter(proc):
    opened = Meter(proc / "status", proc / "fdinfo")
    yield opened
    opened.close()


def test_this_process_holds_something_and_had_no_less_in_ram_at_its_peak():
    meter = Meter()
    assert 1 < meter.mib() <= peak_rss_mib() + 1
    assert meter.whole
    meter.close()


def test_anonymous_and_shared_memory_count_and_pages_of_files_do_not(proc, meter):
    assert meter.mib() == 30.0
    (proc / "status").write_text(STATUS_TEXT + "RssShmem:\t  2048 kB\n")
    assert meter.mib() == 32.0


def test_a_meter_begins_with_nothing_and_knows_whether_the_kernel_tells(proc, meter):
    assert (meter.peak_mib, meter.whole) == (0.0, True)
    assert not Meter(proc / "none", proc / "fdinfo").whole
    assert Process().watcher.used_mib == 0.0


def test_where_no_descriptor_can_be_listed_there_are_no_dma_bufs(proc):
    blind = Meter(proc / "status", proc / "none")
    assert blind.mib() == 30.0
    blind.close()


def test_the_peak_is_of_what_counts(proc, meter):
    meter.mib()
    (proc / "status").write_text("RssAnon:\t 10240 kB\n")
    assert meter.mib() == 10.0
    assert meter.peak_mib == 30.0


def test_dma_bufs_count_once_however_often_they_are_open(proc, meter):
    for number, ino in ((5, 77), (6, 77), (7, 78)):
        (proc / "fdinfo" / str(number)).write_text(DMABUF.format(ino=ino, size=1048576))
    assert meter.mib() == 32.0


def test_a_kernel_that_tells_no_inode_still_tells_of_its_dma_bufs(proc, meter):
    (proc / "fdinfo" / "5").write_text("size:\t1048576\nexp_name:\tvc_sm\n")
    (proc / "fdinfo" / "6").write_text("size:\t1048576\nexp_name:\tvc_sm\n")
    assert meter.mib() == 32.0


def test_without_a_descriptor_left_the_figure_is_still_measured(proc, meter):
    (proc / "fdinfo" / "5").write_text(DMABUF.format(ino=77, size=1048576))
    assert meter.mib() == 31.0
    (proc / "fdinfo").rename(proc / "gone")  # what listing meets then is an OSError, too
    (proc / "status").write_text("RssAnon:\t 20480 kB\n")
    assert meter.mib() == 21.0


def test_where_the_kernel_tells_nothing_the_peak_of_all_memory_stands_in(tmp_path):
    meter = Meter(tmp_path / "none", tmp_path / "none")
    assert meter.mib() > 1
    assert not meter.whole


def test_a_meter_that_was_closed_still_answers(proc, meter):
    meter.close()
    assert meter.mib() > 1
    assert not meter.whole


class Process:
    """A process whose memory the test sets, and what the watcher did about it."""

    def __init__(self, budget=100.0):
        self.held, self.now = 50.0, 0.0
        self.told, self.closed = [], []
        self.watcher = Watcher(
            budget,
            self.shed,
            lambda event, **facts: self.told.append(facts),
            used=lambda: self.held,
        )

    def shed(self):
        self.closed.append("web")
        return ["web"]

    def after_a_second(self, held):
        self.held = held
        self.now += 1.0
        self.watcher.poll(self.now)


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
    with pytest.raises(BudgetError, match=r"holds 101 MiB .*more than its budget of 100 MiB") as caught:
        process.after_a_second(101.0)
    assert caught.value.exit_status == 75
    assert process.told[-1]["doing"] == "the process leaves"


def test_it_looks_once_a_second_only():
    process = Process()
    process.after_a_second(50.0)
    process.held = 200.0
    process.watcher.poll(process.now + 0.5)


def test_the_kernel_s_own_peak_is_read_in_mib(proc):
    assert peak_rss_mib(proc / "status") == 96.0
    assert peak_rss_mib(proc / "none") > 1


@pytest.mark.parametrize(("held", "near"), [(90.0, False), (90.1, True)])
def test_the_last_reading_and_whether_it_is_near_the_budget(held, near):
    process = Process()
    process.after_a_second(held)
    assert (process.watcher.used_mib, process.watcher.near) == (held, near)
    process.after_a_second(50.0)
    assert not process.watcher.near


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
        process.watcher.poll(0.0)


def test_the_table_s_figures_are_sums():
    assert total([]) == 0
    assert total([Part("a", 1.25)]) == 1.25
