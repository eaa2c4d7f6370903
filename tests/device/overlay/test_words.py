"""What the picture says, in five languages."""

import tomllib

import pytest

from device.app.health import NOTICES
from device.commands.doctor import _overlay
from device.config.loader import changed, defaults, load
from device.config.options import KEYS
from device.errors import AssetError, ConfigError
from device.overlay import words
from device.overlay.text import Typesetter
from device.overlay.words import Words

LANGUAGES = ("en", "de", "fr", "es", "ja")
TABLES = tomllib.loads((words.ASSETS / "languages.toml").read_text(encoding="utf-8"))


def texts(tmp_path, monkeypatch, content):
    (tmp_path / "languages.toml").write_text(content, encoding="utf-8")
    monkeypatch.setattr(words, "ASSETS", tmp_path)


def test_the_setting_allows_the_languages_of_the_file_and_no_other():
    (key,) = [key for key in KEYS if (key.section, key.name) == ("overlay", "language")]
    assert key.allowed == LANGUAGES == tuple(TABLES)
    with pytest.raises(ConfigError, match="one of en, de, fr, es, ja") as refused:
        load(None, [(key, "it")])
    assert refused.value.exit_status == 2
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_says_everything_and_its_letters_are_drawn(language):
    said, cells = Words(language), Typesetter(language == "ja")._styles["plain"]
    assert said.missing == ()
    for name, english in TABLES["en"].items():
        assert set(said.say(name)) <= cells.keys(), name
        assert ("{n}" in english) == ("{n}" in TABLES[language][name])


def test_numbers_stand_in_their_place():
    assert [Words(language).say("people", 3) for language in LANGUAGES] == [
        "3 people", "3 Personen", "3 personnes", "3 personas", "3人",
    ]  # fmt: skip


def test_the_programs_notices_are_translated_and_other_sentences_stay():
    german = Words("de")
    assert [german.translated(notice) for notice in NOTICES.values()] == [
        "Kein Bild von der Kamera",
        "Vorführung: gezeichnete Personen, keine Kamera",
        "Keine Altersangaben: die Auswertung steht",
    ]
    assert german.translated("something new") == "something new"


def test_what_a_language_lacks_is_said_in_english_and_doctor_names_it(tmp_path, monkeypatch):
    texts(tmp_path, monkeypatch, '[en]\nfinding = "One moment"\nfps = "{n} fps"\n[fr]\nfps = "{n} i/s"\n')
    french = Words("fr")
    assert (french.say("finding"), french.say("fps", 9), french.missing) == (
        "One moment",
        "9 i/s",
        ("finding",),
    )
    (verdict,) = _overlay(changed(defaults(), overlay={"language": "fr"}))
    assert (verdict.word, verdict.what) == ("note", "language")
    assert "fr lacks finding" in verdict.text
    assert list(_overlay(defaults())) == []


@pytest.mark.parametrize("content", ["", "[de]\n", "[en]\nfinding = 3\n", "finding = 'x'\n", "[en\n"])
def test_damaged_texts_are_one_sentence_and_status_4(tmp_path, monkeypatch, content):
    texts(tmp_path, monkeypatch, content)
    with pytest.raises(
        AssetError, match=r"languages\.toml: the labels' texts are missing or damaged"
    ) as caught:
        Words("en")
    assert "\n" not in str(caught.value)
    assert [verdict.word for verdict in _overlay(defaults())] == ["bad"]
