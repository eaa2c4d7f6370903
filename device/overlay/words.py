"""What the picture says, in the language of those who stand before it; the texts are in `languages.toml`."""

from __future__ import annotations

from pathlib import Path

from device.errors import AssetError

ASSETS = Path(__file__).parent
ENGLISH = "en"


class Words:
    """The texts of one language; what it lacks is said in English."""

    def __init__(self, language: str) -> None:
        """`language` is a table of `languages.toml`. Raises AssetError when that is missing or damaged."""
        tables = _tables()
        self._english = tables[ENGLISH]
        self._texts = {**self._english, **tables.get(language, {})}
        self.missing = tuple(name for name in self._english if name not in tables.get(language, {}))

    def say(self, name: str, number: int = 0) -> str:
        """The text of this name, with `number` in its place."""
        return self._texts[name].replace("{n}", str(number))

    def translated(self, sentence: str) -> str:
        """A sentence that the rest of the program says in English; one that is not in the file stays so."""
        name = next((name for name, text in self._english.items() if text == sentence), None)
        return self._texts[name] if name else sentence


def _tables() -> dict[str, dict[str, str]]:
    import tomllib

    path = ASSETS / "languages.toml"
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
        if not all(isinstance(text, str) for table in tables.values() for text in table.values()):
            raise ValueError("a text is none")
        if ENGLISH not in tables:
            raise ValueError("there is no English")
    except (OSError, ValueError, AttributeError) as error:
        raise AssetError(
            f"{path}: the labels' texts are missing or damaged ({type(error).__name__}: {error}); "
            "install the program again"
        ) from None
    return tables
