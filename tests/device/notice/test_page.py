"""The notice for the door: two layers, five languages, nothing in it that the settings make untrue."""

import html.parser
import tomllib

import pytest

from device.__main__ import main
from device.config.loader import changed, defaults
from device.errors import AssetError
from device.notice import page as notice
from device.notice.page import BLANK, blanks, page

LANGUAGES = ["en", "de", "fr", "es", "ja"]
TEXTS = tomllib.loads((notice.ASSETS / "texts.toml").read_text(encoding="utf-8"))
NOTICE = {"who": "Kiosk & Co, 1 High Street", "rights": "rights@example.org", "more": "https://example.org/c"}


class Sections(html.parser.HTMLParser):
    """Language and text of each section, in order."""

    def __init__(self, text):
        super().__init__()
        self.found, self.open = [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        if tag == "section":
            self.found.append([dict(attributes)["lang"], ""])
        if tag not in ("meta", "path", "rect", "circle"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in ("path", "rect", "circle"):
            assert self.open.pop() == tag

    def handle_data(self, data):
        if self.found:
            self.found[-1][1] += data + "\n"


def sections(settings):
    return Sections(page(settings)).found


def settings(**others):
    return changed(defaults(), notice=NOTICE, **({"output": {"use": ("window",)}} | others))


def test_a_sign_and_the_whole_text_in_each_language_that_of_the_screen_first():
    found = sections(settings(overlay={"language": "fr"}))
    order = ["fr", "en", "de", "es", "ja"]
    assert [language for language, _ in found] == order * 2


def also(language, text):
    said = TEXTS[language]
    return {name for name in said if name.startswith("also_") and said[name] in text}


@pytest.mark.parametrize("name", ["gender", "glasses", "cover"])
def test_what_is_estimated_beside_the_age_is_said_where_it_is_on_and_only_there(name):
    for language, text in sections(settings(age={name: True})):
        assert also(language, text) == {f"also_{name}"}
    for language, text in sections(settings()):
        assert also(language, text) == set()


def test_each_sign_says_who_why_rights_and_where_to_read_more():
    for language, text in sections(settings())[:5]:
        for said in (NOTICE["who"], NOTICE["rights"], NOTICE["more"], TEXTS[language]["why_default"]):
            assert said in text


def test_the_operators_own_words_stand_in_every_language():
    found = sections(changed(settings(), notice={"why": "To count visitors <by age>."}))
    assert sum("To count visitors <by age>." in text for _, text in found) == 10
    assert "{" not in "".join(text for _, text in found)


@pytest.mark.parametrize(("others", "said", "not_said"), [
    ({}, {"pictures_none", "leaves_none"}, {"pictures_kept", "leaves_numbers", "watched", "privacy_blur"}),
    ({"output": {"use": ("file:x.mp4",)}}, {"pictures_kept"}, {"pictures_none"}),
    ({"output": {"use": ("web:0.0.0.0:80",)}}, {"watched", "pictures_none"}, {"leaves_none"}),
    ({"mqtt": {"host": "broker"}}, {"leaves_numbers"}, {"leaves_none"}),
    ({"api": {"enabled": True}}, {"leaves_numbers"}, {"leaves_none"}),
    ({"metrics": {"enabled": True}}, {"leaves_numbers"}, {"leaves_none"}),
    ({"events": {"to": "-"}}, {"leaves_numbers"}, {"leaves_none"}),
    ({"overlay": {"privacy": "blur"}}, {"privacy_blur"}, {"privacy_silhouette"}),
    ({"overlay": {"privacy": "silhouette"}}, {"privacy_silhouette"}, {"privacy_blur"}),
])  # fmt: skip
def test_it_says_what_the_settings_make_true(others, said, not_said):
    for language in LANGUAGES:
        whole = "".join(text for found, text in sections(settings(**others)) if found == language)
        assert all(TEXTS[language][name] in whole for name in said)
        assert not any(TEXTS[language][name] in whole for name in not_said)


def test_every_language_says_the_same():
    assert list(TEXTS) == LANGUAGES
    for text in TEXTS.values():
        assert text.keys() == TEXTS["en"].keys()
        for layer in ("first", "second"):
            assert [item[2:] == [] for item in text[layer]] == [item[2:] == [] for item in TEXTS["en"][layer]]
            marks = [[said for said in item if said[0] in "[{"] for item in text[layer]]
            assert marks == [[said for said in item if said[0] in "[{"] for item in TEXTS["en"][layer]]


def test_what_nobody_said_is_a_blank_and_named(capsys, caplog):
    assert blanks(defaults()) == ["notice.who", "notice.more"]
    assert blanks(settings()) == []
    assert main(["notice"]) == 0
    printed = capsys.readouterr()
    assert BLANK in printed.out
    assert "notice.who is empty" in printed.err + caplog.text


def test_missing_texts_are_one_sentence_and_status_4(tmp_path, monkeypatch):
    monkeypatch.setattr(notice, "ASSETS", tmp_path)
    with pytest.raises(AssetError, match=r"texts\.toml: the notice's texts cannot be read"):
        page(defaults())
