from device.board.proc import kib, mib, read

TEXT = "MemTotal:        4147200 kB\nMemFree: 1 kB\nHugePages_Total:       0\nMem\n"


def test_a_line_is_found_by_its_whole_name():
    assert kib(TEXT, "MemTotal") == 4147200
    assert kib(TEXT, "MemFree") == 1
    assert kib(TEXT, "Mem") is None
    assert kib(TEXT, "Total") is None


def test_a_file_that_is_hidden_tells_nothing(tmp_path):
    assert read(tmp_path / "none") == ""
    assert mib(tmp_path / "none", "MemTotal") is None
    (tmp_path / "meminfo").write_text(TEXT)
    assert mib(tmp_path / "meminfo", "MemTotal") == 4050.0
    assert mib(tmp_path / "meminfo", "CmaTotal") is None
