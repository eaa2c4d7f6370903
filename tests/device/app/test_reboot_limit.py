import pytest

from device.app.reboot_limit import outlives_reboots, within_a_day

HOUR = 3600.0


@pytest.mark.parametrize(
    ("ran_h", "uptime_h", "count"),
    [
        ([], 5, 0),
        ([0.5, 0.5, 0.5, 0.5, 0.5, 0.5], 0.5, 6),
        ([0.5], 24, 1),
        ([0.5], 25, 0),
        ([4, 4, 4, 4, 4, 4], 4, 6),  # the oldest was 24 h ago
        ([4, 5, 4, 4, 4, 4], 4, 5),
        ([1, 30, 1], 1, 2),
    ],
)
def test_reboots_count_for_a_day_of_running(ran_h, uptime_h, count):
    assert within_a_day([ran * HOUR for ran in ran_h], uptime_h * HOUR) == count


def test_a_folder_in_memory_is_lost_at_a_restart(tmp_path):
    mounts = tmp_path / "mounts"
    folder = tmp_path / "state" / "kiosk"
    folder.mkdir(parents=True)
    mounts.write_text("overlayroot / overlay rw 0 0\nproc /proc proc rw 0 0\n")
    assert not outlives_reboots(folder, mounts)
    mounts.write_text(f"overlayroot / overlay rw 0 0\n/dev/sda3 {tmp_path}/state ext4 rw 0 0\n")
    assert outlives_reboots(folder, mounts)
    mounts.write_text(f"/dev/sda2 / ext4 rw 0 0\ntmpfs {tmp_path}/stat tmpfs rw 0 0\n")
    assert outlives_reboots(folder, mounts)


def test_names_of_any_bytes_and_no_mounts_at_all_are_no_matter(tmp_path):
    mounts = tmp_path / "mounts"
    mounts.write_bytes(b"/dev/sda1 / ext4 rw 0 0\ntmpfs /mnt/\xff tmpfs rw 0 0\n")
    assert outlives_reboots(tmp_path, mounts)
    mounts.write_bytes(b"")
    assert outlives_reboots(tmp_path, mounts)
