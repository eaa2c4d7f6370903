import pytest

from deploy.on_device.boot_files import with_options, with_words

ADDED = "cgroup_enable=memory consoleblank=0"


@pytest.mark.parametrize(
    ("line", "video", "result"),
    [
        ("quiet\n", "", f"quiet {ADDED}\n"),
        (f"quiet {ADDED}\n", "", f"quiet {ADDED}\n"),
        ("consoleblank=600 quiet", "", f"quiet {ADDED}\n"),
        ("cgroup_enable=cpuset quiet", "", f"cgroup_enable=cpuset quiet {ADDED}\n"),
        ("a a\n\nb\n", "", f"a b {ADDED}\n"),
        ("quiet", "HDMI-A-1:1920x1080@60D", f"quiet {ADDED} video=HDMI-A-1:1920x1080@60D\n"),
        (
            "video=HDMI-A-1:1280x720 video=HDMI-A-2:800x600",
            "HDMI-A-1:1920x1080@60D",
            f"video=HDMI-A-2:800x600 {ADDED} video=HDMI-A-1:1920x1080@60D\n",
        ),
        ("video=HDMI-A-1:1280x720", "", f"video=HDMI-A-1:1280x720 {ADDED}\n"),
    ],
)
def test_the_command_line_stays_one_line_and_a_second_time_changes_nothing(line, video, result):
    assert with_words(line, video) == result
    assert with_words(result, video) == result


def test_file_systems_on_the_card_write_less_often():
    table = (
        "# a comment  /  ext4 defaults 0 0\n"
        "proc  /proc  proc  defaults  0  0\n"
        "PARTUUID=1  /boot/firmware  vfat  defaults  0  2\n"
        "PARTUUID=2  /  ext4  defaults,relatime,commit=5  0  1\n"
        "PARTUUID=3  /data  ext4  noatime,commit=60  0  1"
    )
    after = with_options(table)
    lines, before = after.splitlines(), table.splitlines()
    assert lines[:3] == before[:3]
    assert lines[3] == "PARTUUID=2\t/\text4\tdefaults,noatime,commit=60\t0\t1"
    assert lines[4] == before[4]
    assert with_options(after) == after
