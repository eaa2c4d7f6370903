from device.frame import Frame, frame_bytes


def test_frame_has_its_pictures_from_the_start():
    frame = Frame((640, 480), (256, 192))
    assert frame.image.shape == (480, 640, 3)
    assert frame.small.shape == (192, 256, 3)
    assert frame.image.nbytes + frame.small.nbytes == frame_bytes((640, 480), (256, 192))


def test_frame_without_a_small_stream():
    assert Frame((64, 48)).small is None
    assert frame_bytes((64, 48)) == 64 * 48 * 3
