import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.config import keys, loader
from device.config.example import example, toml
from device.config.keys import KEYS, SECTIONS, Key
from device.errors import ConfigError
from tests.floats import floats

EXAMPLE = Path(loader.__file__).parent / "example.toml"
BY_NAME = {f"{key.section}.{key.name}": key for key in KEYS}


def written(tmp_path, text):
    path = tmp_path / "kiosk.toml"
    path.write_text(text)
    return path


def test_the_shipped_example_is_made_from_the_table():
    assert EXAMPLE.read_text() == example()


def test_the_example_read_back_gives_the_defaults():
    assert loader.load(EXAMPLE) == loader.defaults()


def test_every_key_stands_in_a_section_and_has_a_help_and_an_option_of_its_own():
    options = [key.option for key in KEYS]
    assert len(set(options)) == len(options)
    assert all(key.section in SECTIONS and key.help for key in KEYS)
    assert all(key.unit for key in KEYS if type(key.default) in (int, float))


@pytest.mark.parametrize("key", KEYS, ids=BY_NAME)
def test_every_default_is_allowed(key):
    assert keys.checked(key, key.default, "default") == key.default


def test_a_file_changes_what_it_names_and_nothing_else(tmp_path):
    settings = loader.load(written(tmp_path, "[camera]\nwidth = 1280\n"))
    assert settings.camera.width == 1280
    assert settings.camera.height == loader.defaults().camera.height


def test_the_command_line_overrides_the_file(tmp_path):
    path = written(tmp_path, "[camera]\nwidth = 1280\n")
    assert loader.load(path, [(BY_NAME["camera.width"], 320)]).camera.width == 320


def test_a_whole_number_does_for_a_number(tmp_path):
    fps = loader.load(written(tmp_path, "[camera]\nfps = 25\n")).camera.fps
    assert fps == 25.0
    assert isinstance(fps, float)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("[camera]\nwidth = 99\n", ["kiosk.toml", "camera.width = 99", "from 160 to 1920"]),
        ("[camera]\nwidth = 640.5\n", ["camera.width = 640.5", "a whole number"]),
        ("[camera]\nwidth = true\n", ["camera.width = True", "a whole number"]),
        ("[camera]\nfps = nan\n", ["camera.fps = nan", "a number from 1.0 to 120.0"]),
        ("[source]\nloop = 1\n", ["source.loop = 1", "true or false"]),
        ("[source]\npace = 'slow'\n", ["source.pace = 'slow'", "one of real, fast"]),
        ("[output]\nuse = 'web'\n", ["output.use = 'web'", "a list of strings"]),
        ("[output]\nuse = []\n", ["output.use = []", "a list of strings"]),
        ("[smoother]\nbands = [20, 10]\n", ["smoother.bands = [20, 10]", "a rising list of whole numbers"]),
        ("[smoother]\nbands = [20, 20]\n", ["smoother.bands = [20, 20]", "rising"]),
        ("[smoother]\nbands = [0, 200]\n", ["smoother.bands = [0, 200]", "from 1 to 100"]),
        ("[camera]\nwidht = 640\n", ["unknown key camera.widht = 640", "did you mean width?"]),
        ("[camra]\nwidth = 640\n", ["unknown section [camra]", "did you mean camera?"]),
        ("[zebra]\n", ["unknown section [zebra]", "allowed are source, camera"]),
        ("camera = 3\n", ["camera = 3", "is a section"]),
        ("[camera]\nwidth =\n", ["is not TOML", "line 2"]),
    ],
)
def test_what_does_not_fit_is_one_message_with_file_key_value_and_what_is_allowed(tmp_path, text, parts):
    with pytest.raises(ConfigError) as caught:
        loader.load(written(tmp_path, text))
    message = str(caught.value)
    assert "\n" not in message
    for part in parts:
        assert part in message


def test_a_missing_file_is_named():
    with pytest.raises(ConfigError, match=r"/nowhere\.toml: cannot be read"):
        loader.load("/nowhere.toml")


def test_bytes_that_are_no_text_are_no_toml(tmp_path):
    path = tmp_path / "kiosk.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="is not TOML"):
        loader.load(path)


VALUES = st.one_of(st.booleans(), st.integers(), floats(), st.text(), st.lists(st.integers() | st.text()))


@given(st.sampled_from(KEYS), VALUES)
def test_any_value_is_taken_in_the_key_s_type_or_refused(key: Key, value):
    try:
        taken = keys.checked(key, value, "test")
    except ConfigError:
        return
    assert type(taken) is type(key.default)
    assert taken == (tuple(value) if isinstance(value, list) else value)


@given(st.text())
def test_texts_survive_toml(text):
    import tomllib

    if any(ord(letter) < 32 or ord(letter) == 127 for letter in text):
        return
    assert tomllib.loads(f"x = {toml(text)}")["x"] == text


def test_a_copy_with_other_values_leaves_the_first_as_it_was():
    settings = loader.defaults()
    copy = loader.changed(settings, camera={"width": 320})
    assert (copy.camera.width, settings.camera.width) == (320, 640)
    assert copy.camera.height == settings.camera.height


def test_a_key_s_name_of_the_version_before_is_taken_with_a_warning(tmp_path, caplog):
    settings = loader.load(written(tmp_path, "[tracker]\nbirth_hits = 5\n"))
    assert settings.tracker.init_hits == 5
    assert "tracker.birth_hits is called init_hits now" in caplog.text


HOSTILE = {
    "a number of 5,000 digits": (b"[camera]\nwidth = " + b"9" * 5000, "is not TOML"),
    "a number beyond floats": (b"[camera]\nfps = " + b"9" * 400, "camera.fps = 9999"),
    "deep nesting": (b"x = " + b"[" * 20000, "is not TOML: it is nested too deeply"),
    "NUL": (b"[camera]\nwidth = \x00", "is not TOML"),
    "UTF-16": ("[camera]\n".encode("utf-16"), "is not TOML: byte 0 is not UTF-8"),
    "10 MB": (b"#" * 10_000_000, "is larger than 256 KiB"),
    "a name of 10,000 letters": (b"w" * 10000 + b" = 1", "unknown section"),
    "a value of 10,000 letters": (b"[source]\npace = '" + b"w" * 10000 + b"'", "(10002 characters)"),
}


@pytest.mark.parametrize(("content", "part"), HOSTILE.values(), ids=HOSTILE)
def test_hostile_files_are_one_short_sentence(tmp_path, content, part):
    path = tmp_path / "kiosk.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        loader.load(path)
    message = str(caught.value)
    assert part in message
    assert "\n" not in message
    assert len(message) < 600


def test_a_byte_order_mark_is_no_matter(tmp_path):
    path = tmp_path / "kiosk.toml"
    path.write_bytes(b"\xef\xbb\xbf[camera]\nwidth = 320\n")
    assert loader.load(path).camera.width == 320


def test_what_is_no_file_is_refused_without_waiting_for_it(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    for path in (tmp_path / "fifo", tmp_path, "/dev/zero"):
        with pytest.raises(ConfigError, match="is not a file"):
            loader.load(path)
    for path in ("w" * 10000, "a\0b"):
        with pytest.raises(ConfigError, match="cannot be read"):
            loader.load(path)


def test_the_nearest_word_alone_is_offered(tmp_path):
    with pytest.raises(ConfigError) as caught:
        loader.load(written(tmp_path, "[camera]\nretry_maxx = 3\n"))
    assert str(caught.value).endswith("unknown key camera.retry_maxx = 3; did you mean retry_max_s?")
    with pytest.raises(ConfigError, match=r"camera\.zebra = 3; allowed are width, height, fps, buffers,"):
        loader.load(written(tmp_path, "[camera]\nzebra = 3\n"))


@pytest.mark.parametrize("bands", [[1, 100], [1], [100], [5, 6, 7]])
def test_bands_may_begin_at_the_limits(bands):
    key = next(key for key in KEYS if key.name == "bands")
    assert keys.checked(key, bands, "test") == tuple(bands)
    for wrong in ([0, *bands], [*bands, 101]):
        with pytest.raises(ConfigError):
            keys.checked(key, wrong, "test")


def test_a_number_is_taken_up_to_its_limits(tmp_path):
    assert loader.load(written(tmp_path, "[camera]\nwidth = 1920\nfps = 120\n")).camera.width == 1920
    assert loader.load(written(tmp_path, "[camera]\nwidth = 160\nfps = 1\n")).camera.fps == 1.0


def test_a_file_of_256_kib_is_read_and_a_longer_one_is_not(tmp_path):
    path = tmp_path / "kiosk.toml"
    path.write_bytes(b"#" * 262144)
    assert loader.load(path) == loader.defaults()
    path.write_bytes(b"#" * 262145)
    with pytest.raises(ConfigError, match="is larger than 256 KiB"):
        loader.load(path)


def test_what_is_quoted_is_cut_in_its_middle():
    assert keys.short("x" * 80) == "x" * 80
    assert keys.short("a" * 40 + "b" * 21 + "c" * 20) == "a" * 40 + "…" + "c" * 20 + " (81 characters)"
