import pytest

from device.budget.dmabuf import held_bytes

ENTRY = "pos:\t0\nflags:\t02000002\nino:\t{ino}\nsize:\t{size}\ncount:\t1\nexp_name:\t{exporter}\n"


@pytest.fixture
def fdinfo(tmp_path):
    def write(**entries):
        for name, text in entries.items():
            (tmp_path / name.removeprefix("fd")).write_text(text)
        return tmp_path

    return write


def test_buffers_of_all_exporters_are_summed(fdinfo):
    entries = fdinfo(
        fd4=ENTRY.format(ino=1, size=1000, exporter="system"),
        fd5=ENTRY.format(ino=2, size=200, exporter="linux,cma"),
        fd6=ENTRY.format(ino=3, size=30, exporter="drm"),
    )
    assert held_bytes(entries) == 1230


def test_a_buffer_that_is_open_twice_counts_once(fdinfo):
    one = ENTRY.format(ino=1, size=1000, exporter="system")
    assert held_bytes(fdinfo(fd4=one, fd5=one)) == 1000


def test_files_sockets_and_memory_files_are_none(fdinfo):
    plain = "pos:\t0\nflags:\t02\nmnt_id:\t16\nino:\t9\n"
    strange = "exp_name:\tx\nsize:\tmany\n"
    assert held_bytes(fdinfo(fd0=plain, fd1=plain + "size:\t4096\n", fd2="", fd3=strange)) == 0


def test_a_descriptor_that_closes_meanwhile_is_passed_over(fdinfo):
    entries = fdinfo(fd4=ENTRY.format(ino=1, size=1000, exporter="system"))
    (entries / "5").symlink_to(entries / "closed")
    assert held_bytes(entries) == 1000


def test_entries_that_cannot_be_listed_are_an_error_of_the_system(tmp_path):
    with pytest.raises(OSError, match="none"):
        held_bytes(tmp_path / "none")
