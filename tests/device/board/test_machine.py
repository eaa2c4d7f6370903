import pytest

from device.board.machine import describe, seconds_since_start, sentence

PI5 = """processor\t: 0
BogoMIPS\t: 108.00
Features\t: fp asimd evtstrm aes crc32 asimddp
CPU implementer\t: 0x41
CPU part\t: 0xd0b

processor\t: 1
Features\t: fp
"""
PC = "processor\t: 0\nmodel name\t: Some CPU\nflags\t\t: fpu avx2 avx512_vnni\n"


@pytest.fixture
def files(tmp_path):
    def write(cpuinfo, model=None):
        (tmp_path / "cpuinfo").write_text(cpuinfo)
        (tmp_path / "meminfo").write_text("MemTotal:        4147200 kB\nMemFree: 1 kB\n")
        if model:
            (tmp_path / "model").write_text(model)
        return [tmp_path / name for name in ("cpuinfo", "model", "meminfo")]

    return write


def test_a_pi_names_its_board_its_core_and_its_dot_products(files):
    machine = describe(*files(PI5, "Raspberry Pi 5 Model B Rev 1.0\0"))
    assert machine["board"] == "Raspberry Pi 5 Model B Rev 1.0"
    assert machine["cpu"] == "Cortex-A76"
    assert machine["int8"] == ["dot products (asimddp)"]
    assert machine["memory_mib"] == 4050


def test_a_pc_names_its_model(files):
    machine = describe(*files(PC))
    assert (machine["board"], machine["cpu"]) == ("", "Some CPU")
    assert machine["int8"] == ["AVX2", "AVX-512 VNNI"]


def test_in_one_line(files):
    line = sentence(describe(*files(PI5, "Raspberry Pi 5\0")))
    assert line.startswith("Raspberry Pi 5: Cortex-A76, ")
    assert line.endswith("dot products (asimddp), 4050 MiB")


def test_what_the_kernel_hides_is_left_out_and_breaks_nothing(tmp_path):
    machine = describe(*[tmp_path / "none"] * 3)
    assert (machine["board"], machine["int8"], machine["memory_mib"]) == ("", [], 0)
    assert sentence(machine).endswith("no int8 instructions, memory not told by the kernel")
    assert seconds_since_start(tmp_path / "none") is None


def test_this_process_began_before_now():
    assert 0 < seconds_since_start() < 24 * 3600
