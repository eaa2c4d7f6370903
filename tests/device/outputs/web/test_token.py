import re

import pytest

from device.__main__ import main
from device.outputs.web.token import good_token, weakness


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        ("", "has 0 letters; 16 or more are needed"),
        ("x" * 15, "has 15 letters"),
        ("aaaaaaaaaaaaaaaa", "over and over"),
        ("kR8!kR8!kR8!kR8!", "over and over"),
        ("1234567890123456", "different letters"),
        ("abcdefghijklmnop", "different letters"),
        ("ponmlkjihgfedcba", "different letters"),
        ("qwertyuiopasdfgh", "different letters"),
        ("Passwordpassword1", "different letters"),
        ("raspberrykiosk2024", "different letters"),
        ("aabbaabbaabbaabc", "different letters"),
    ],
)
def test_what_can_be_guessed(token, reason):
    assert reason in weakness(token)


@pytest.mark.parametrize("token", ["correct horse battery", "u7Gq0xZr9LmPw2Ks", "größter Teich im Ort"])
def test_what_cannot(token):
    assert weakness(token) == ""


def test_a_new_token_is_good_and_another_each_time():
    tokens = {good_token() for _ in range(100)}
    assert len(tokens) == 100
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{32}", token) and not weakness(token) for token in tokens)


def test_the_command_prints_one(capsys):
    assert main(["token"]) == 0
    assert re.fullmatch(r"[A-Za-z0-9_-]{32}\n", capsys.readouterr().out)
