"""The page's password: what makes one too weak to stand open to a network, and how to get a good one."""

from __future__ import annotations

import secrets

TOKEN_LETTERS = 16  # the shortest that cannot be tried out over the network
DIFFERENT_LETTERS = 8
RANDOM_BYTES = 24  # of a new token: 32 letters
COMMON = (
    "password",
    "passwort",
    "welcome",
    "letmein",
    "administrator",
    "raspberry",
    "kiosk",
    "token",
    "secret",
)
ROWS = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiop",
    "qwertzuiop",
    "asdfghjkl",
    "zxcvbnm",
    "yxcvbnm",
)
RUN = 4  # letters in the order of the alphabet or of the keyboard, forwards or backwards
REMEDY = "`python -m device token` prints a good one"


def good_token() -> str:
    """A new token: 32 letters, digits, - and _ from the system's random numbers."""
    return secrets.token_urlsafe(RANDOM_BYTES)


def weakness(token: str) -> str:
    """Why a person or a program could guess `token` ("has 6 letters, …"); empty when it is good enough."""
    if len(token) < TOKEN_LETTERS:
        return f"has {len(token)} letters; {TOKEN_LETTERS} or more are needed"
    if token in (token + token)[1:-1]:
        return "is one part over and over"
    if len(set(_without_the_obvious(token.lower()))) < DIFFERENT_LETTERS:
        return f"has fewer than {DIFFERENT_LETTERS} different letters beside common words and sequences"
    return ""


def _without_the_obvious(token: str) -> str:
    for word in COMMON:
        token = token.replace(word, "")
    kept, start = "", 0
    while start < len(token):
        length = _length_of_run(token[start:])
        kept += "" if length else token[start]
        start += length or 1
    return kept


def _length_of_run(text: str) -> int:
    """How many letters at the beginning of `text` stand so in a row; 0 for fewer than RUN."""
    rows = ROWS + tuple(row[::-1] for row in ROWS)
    length = 0
    while length < len(text) and any(text[: length + 1] in row for row in rows):
        length += 1
    return length if length >= RUN else 0
