"""Pictures of every make, size and name, and files that are none: read upright, or refused in a sentence."""

import os
import struct
import zlib
from contextlib import suppress

import cv2
import numpy as np
import pytest

from device.camera.picture_file import PictureError, picture_size, read_picture, upright
from device.camera.picture_header import read_header

FORMATS = {".png": "PNG", ".jpg": "JPEG", ".webp": "WebP", ".bmp": "BMP", ".tif": "TIFF"}


def scene(width=64, height=48):
    """White above, black below."""
    picture = np.zeros((height, width, 3), np.uint8)
    picture[: height // 2] = 255
    return picture


def encoded(suffix, picture=None, *options):
    return cv2.imencode(suffix, scene() if picture is None else picture, list(options))[1].tobytes()


def png_of(width, height, depth=1):
    """A small PNG that promises much."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compress(bytes(1000))
    head = struct.pack(">IIBBBBB", width, height, depth, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def exif(orientation):
    entry = struct.pack("<HHIHH", 0x0112, 3, 1, orientation, 0)
    return b"II*\0" + struct.pack("<IH", 8, 1) + entry + bytes(4)


def marked(suffix, orientation):
    """A picture with an EXIF orientation, as a camera would write it."""
    data, block = encoded(suffix), exif(orientation)
    if suffix == ".jpg":
        payload = b"Exif\0\0" + block
        return data[:2] + b"\xff\xe1" + struct.pack(">H", len(payload) + 2) + payload + data[2:]
    if suffix == ".png":
        chunk = (
            struct.pack(">I", len(block)) + b"eXIf" + block + struct.pack(">I", zlib.crc32(b"eXIf" + block))
        )
        return data[:33] + chunk + data[33:]
    if suffix == ".webp":
        body = b"WEBP" + b"VP8X" + struct.pack("<IIHBHB", 10, 8, 63, 0, 47, 0) + data[12:]
        body += b"EXIF" + struct.pack("<I", len(block)) + block
        return b"RIFF" + struct.pack("<I", len(body)) + body
    at = struct.unpack_from("<I", data, 4)[0]
    count = struct.unpack_from("<H", data, at)[0]
    entries = [data[start : start + 12] for start in range(at + 2, at + 2 + 12 * count, 12)]
    kept = [entry for entry in entries if entry[:2] != b"\x12\x01"]
    kept = sorted([*kept, block[10:22]], key=lambda entry: struct.unpack_from("<H", entry))
    directory = struct.pack("<H", len(kept)) + b"".join(kept) + bytes(4)
    data += bytes(len(data) % 2)
    return data[:4] + struct.pack("<I", len(data)) + data[8:] + directory


def white_side(picture):
    sides = {"top": picture[2], "bottom": picture[-3], "left": picture[:, 2], "right": picture[:, -3]}
    [side] = [name for name, pixels in sides.items() if pixels.min() > 200]
    return side


@pytest.mark.parametrize(("suffix", "name"), FORMATS.items())
def test_the_header_tells_format_and_size(suffix, name):
    assert read_header(encoded(suffix, scene(65, 47))) == (name, 65, 47, 1, True)


def test_the_header_of_a_webp_without_loss():
    assert read_header(encoded(".webp", scene(65, 47), cv2.IMWRITE_WEBP_QUALITY, 101))[:3] == ("WebP", 65, 47)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif"])
@pytest.mark.parametrize(
    ("orientation", "side"),
    [
        (1, "top"),
        (2, "top"),
        (3, "bottom"),
        (4, "bottom"),
        (5, "left"),
        (6, "right"),
        (7, "right"),
        (8, "left"),
    ],
)
def test_the_orientation_is_heeded_in_every_format(tmp_path, suffix, orientation, side):
    path = tmp_path / f"a{suffix}"
    path.write_bytes(marked(suffix, orientation))
    picture = read_picture(path)
    assert white_side(picture) == side
    assert picture_size(path) == picture.shape[1::-1]


def test_a_mirrored_picture_is_mirrored_back():
    picture = np.arange(6, dtype=np.uint8).reshape(2, 3, 1).repeat(3, axis=2)
    shown = {number: upright(picture, number)[:, :, 0].tolist() for number in range(1, 9)}
    assert shown == {
        1: [[0, 1, 2], [3, 4, 5]],
        2: [[2, 1, 0], [5, 4, 3]],
        3: [[5, 4, 3], [2, 1, 0]],
        4: [[3, 4, 5], [0, 1, 2]],
        5: [[0, 3], [1, 4], [2, 5]],
        6: [[3, 0], [4, 1], [5, 2]],
        7: [[5, 2], [4, 1], [3, 0]],
        8: [[2, 5], [1, 4], [0, 3]],
    }


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_file_cut_short_is_named_so(tmp_path, suffix):
    noise = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)
    path = tmp_path / f"a{suffix}"
    path.write_bytes(encoded(suffix, noise)[:-700])
    if suffix == ".tif":  # OpenCV writes the directory at the end
        with pytest.raises(PictureError, match=r"a\.tif: is not a picture|cut short"):
            read_picture(path)
    else:
        with pytest.raises(PictureError, match=r"cut short \(a .* that ends too early\); copy it anew"):
            read_picture(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", r"is empty \(0 bytes\)"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "is a HEIC, which cannot be read; save it as a JPEG or PNG"),
        (b"\0\0\0\x18ftypavif\0\0\0\0avif", "is an AVIF, which"),
        (b"\0\0\0\x18ftypisom\0\0\0\0", r"is a film \(MP4\)"),
        (b"GIF89a" + bytes(20), "is a GIF, which"),
        (b"<!doctype html><html>", r"is a web page \(HTML\)"),
        (b"%PDF-1.7", "is a PDF"),
        (b"no picture", "not a picture that can be read; give JPEG, PNG, WebP, BMP and TIFF"),
        (b"\x89PNG\r\n\x1a\n", "not a picture"),
    ],
)
def test_a_file_that_is_none_is_called_what_it_is(tmp_path, content, said):
    path = tmp_path / "a.jpg"
    path.write_bytes(content)
    with pytest.raises(PictureError, match=said):
        read_picture(path)


def test_a_missing_file_a_folder_a_pattern_and_a_pipe(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for name, said in (
        ("nothing.jpg", "is missing. Look at the name"),
        ("*.jpg", "No file fits this pattern"),
        ("", "is a folder; give the pictures in it"),
        ("pipe", "is no ordinary file"),
    ):
        with pytest.raises(PictureError, match=said.replace(".", r"\.")):
            read_picture(tmp_path / name)


def test_a_name_of_any_bytes(tmp_path):
    path = tmp_path / os.fsdecode(b"caf\xe9.png")
    path.write_bytes(encoded(".png"))
    assert read_picture(path).shape == (48, 64, 3)
    path.write_bytes(b"")
    with pytest.raises(PictureError, match=r"caf\\xe9\.png: is empty"):
        read_picture(path)


@pytest.mark.parametrize(("width", "height"), [(33000, 33000), (1, 2_000_000), (2**31 - 1, 2**31 - 1)])
def test_sizes_beyond_the_limit_are_refused_before_decoding(tmp_path, monkeypatch, width, height):
    monkeypatch.setattr(cv2, "imdecode", None)
    path = tmp_path / "a.png"
    path.write_bytes(png_of(width, height))
    with pytest.raises(PictureError, match=f"{width}x{height} pixels are too many; at most 64 million"):
        read_picture(path)


@pytest.mark.parametrize("size", [(1, 1), (1, 4000), (4000, 1)])
@pytest.mark.parametrize("suffix", FORMATS)
def test_the_smallest_sizes(tmp_path, size, suffix):
    path = tmp_path / f"a{suffix}"
    path.write_bytes(encoded(suffix, np.zeros((size[1], size[0], 3), np.uint8)))
    assert read_picture(path).shape == (size[1], size[0], 3)


def test_a_large_jpeg_is_decoded_smaller_and_a_large_png_refused(tmp_path):
    (tmp_path / "a.jpg").write_bytes(encoded(".jpg", scene(400, 300)))
    (tmp_path / "a.png").write_bytes(encoded(".png", scene(400, 300)))
    assert read_picture(tmp_path / "a.jpg", most_pixels=120_000).shape == (300, 400, 3)
    assert read_picture(tmp_path / "a.jpg", most_pixels=119_999).shape == (150, 200, 3)
    assert read_picture(tmp_path / "a.jpg", most_pixels=8_000).shape == (75, 100, 3)
    with pytest.raises(PictureError, match="400x300 pixels are too many"):
        read_picture(tmp_path / "a.png", most_pixels=119_999)


def test_damage_that_the_header_does_not_show(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(png_of(64, 480_000, 8))
    with pytest.raises(PictureError, match="this PNG is damaged; save or copy it anew"):
        read_picture(path)


@pytest.mark.parametrize("suffix", FORMATS)
def test_no_cut_and_no_changed_byte_is_a_traceback(tmp_path, suffix):
    data, random = marked(suffix, 6) if suffix != ".bmp" else encoded(suffix), np.random.default_rng(1)
    path = tmp_path / f"a{suffix}"
    for number in range(60):
        damaged = bytearray(data[: random.integers(0, len(data))] if number % 2 else data)
        for place in random.integers(0, max(1, min(len(damaged), 120)), 3):
            if damaged:
                damaged[place] = random.integers(0, 256)
        path.write_bytes(bytes(damaged))
        with suppress(PictureError):
            assert read_picture(path).dtype == np.uint8


def test_inputs_from_the_field(samples):
    inputs = samples / "field" / "inputs"
    with pytest.raises(PictureError, match="cut short"):
        read_picture(inputs / "cut75.jpg")
    assert read_picture(inputs / "exif6.webp").shape == (501, 402, 3)
    assert read_picture(inputs / "line.png").shape == (4000, 1, 3)
