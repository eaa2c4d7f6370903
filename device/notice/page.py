"""The notice as one HTML page to be printed: a sign for the door a language, and behind them the whole text.

Two layers, as the European Data Protection Board's guidelines 3/2019 on video devices want them: the first is
read before people come into view, the second tells the rest. What it says of pictures and of what leaves the
device follows the settings; what only the operator knows and did not say is a line to be filled in by hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

from device.config.schema import Settings
from device.errors import AssetError
from device.person import ATTRIBUTE_WORDS

ASSETS = Path(__file__).parent
BLANK = "________________"
STYLE = """
body {font: 16px/1.5 system-ui, sans-serif; color: #12151a; background: #fff; margin: 0 auto;
      max-width: 46em; padding: 1em}
section {break-after: page; break-inside: avoid; padding-bottom: 1.5em}
.sign {border: 4px solid #12151a; border-radius: 1em; padding: 1.5em; margin-bottom: 1.5em}
.sign h1 {font-size: 2em; line-height: 1.2; margin: 0 0 .6em}
.sign dt, .sign dd {font-size: 1.15em}
dt {font-weight: 700; margin-top: .7em} dd {margin: 0}
svg {float: right; width: 4em; margin-left: 1em}
"""
CAMERA = (
    '<svg viewBox="0 0 64 44" role="img" aria-label="camera"><rect x="2" y="8" width="42" height="30" rx="6"'
    ' fill="#12151a"/><path d="M44 20l18-10v26l-18-10z" fill="#12151a"/>'
    '<circle cx="23" cy="23" r="8" fill="#fff"/></svg>'
)


def page(settings: Settings) -> str:
    """The whole notice, the language of the screen first. Raises AssetError when the texts are not there."""
    texts = _texts()
    first = settings.overlay.language
    order = [first, *(language for language in texts if language != first)]
    signs = "".join(_section(language, texts[language], settings, "first") for language in order)
    wholes = "".join(_section(language, texts[language], settings, "second") for language in order)
    return (
        f'<!DOCTYPE html>\n<html lang="{first}"><head><meta charset="utf-8">'
        f"<title>{escape(texts[first]['title'])}</title><style>{STYLE}</style></head>\n"
        f"<body>\n{signs}{wholes}</body></html>\n"
    )


def blanks(settings: Settings) -> list[str]:
    """The settings that the notice needs and nobody has filled in."""
    return [f"notice.{name}" for name in ("who", "more") if not getattr(settings.notice, name).strip()]


def _section(language: str, text: dict[str, Any], settings: Settings, layer: str) -> str:
    sign = layer == "first"
    head = (CAMERA if sign else "") + f"<h1>{escape(text['title'])}</h1>"
    items = "".join(
        f"<dt>{escape(heading)}</dt>" + "".join(f"<dd>{escape(said)}</dd>" for said in lines)
        for heading, *sentences in text[layer]
        if (lines := [said for given in sentences for said in _said(given, text, settings)])
    )
    kind = ' class="sign"' if sign else ""
    return f'<section lang="{language}"{kind}>{head}<dl>{items}</dl></section>\n'


def _said(given: str, text: dict[str, Any], settings: Settings) -> Iterator[str]:
    """The sentence itself, with the settings in it, or those that fit the settings."""
    if given.startswith("["):
        yield from (text[name] for name in _fitting(given.strip("[]"), settings))
        return
    asked = settings.notice
    facts = {
        "who": asked.who or BLANK,
        "why": asked.why or text["why_default"],
        "rights": asked.rights or asked.who or BLANK,
        "more": asked.more or BLANK,
        "basis": f"{text['basis']} {BLANK}",
    }
    for name, value in facts.items():
        given = given.replace("{" + name + "}", value)
    yield given


def _fitting(topic: str, settings: Settings) -> list[str]:
    """The names of the sentences on this topic that are true under these settings."""
    kinds = {spec.partition(":")[0] for spec in settings.output.use}
    if topic == "pictures":
        return ["pictures_kept" if "file" in kinds else "pictures_none"]
    if topic == "also":
        return [f"also_{name}" for name in ATTRIBUTE_WORDS if getattr(settings.age, name)]
    if topic == "watched":
        return ["watched"] if "web" in kinds else []
    if topic == "privacy":
        return [] if settings.overlay.privacy == "off" else [f"privacy_{settings.overlay.privacy}"]
    numbers = settings.events.to or settings.api.enabled or settings.metrics.enabled or settings.mqtt.host
    if numbers:
        return ["leaves_numbers"]
    return [] if "web" in kinds else ["leaves_none"]


def _texts() -> dict[str, dict[str, Any]]:
    import tomllib

    path = ASSETS / "texts.toml"
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise AssetError(
            f"{path}: the notice's texts cannot be read ({error}); install the program again"
        ) from None
