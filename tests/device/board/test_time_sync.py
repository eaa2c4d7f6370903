from device.board.time_sync import synchronised


def test_the_clock_is_set_once_timesyncd_says_so(tmp_path):
    assert synchronised(tmp_path / "timesync") is None
    (tmp_path / "timesync").mkdir()
    assert synchronised(tmp_path / "timesync") is False
    (tmp_path / "timesync" / "synchronized").touch()
    assert synchronised(tmp_path / "timesync") is True
