"""Attack 49: a contact writes what a terminal obeys: into a name, a message, a file's name.

Held by: every string from outside passes `printable` where it comes in.
"""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restante.protocol.text import MAX_MARKS, printable

# What terminals have been driven with, each by one of its introducers, in 7 and in 8 bits.
ATTACKS = {
    "clear the screen": "\x1b[2J\x1b[H",
    "set the title": "\x1b]0;pwned\x07",
    "set the title, closed by ST": "\x1b]2;pwned\x1b\\",
    "ask for the title, typed back as input": "\x1b[21t",
    "write the clipboard": "\x1b]52;c;cm0gLXJmIC8K\x07",
    "a link that shows another": "\x1b]8;;https://evil.example\x1b\\bank\x1b]8;;\x1b\\",
    "answerback": "\x05",
    "device control string": '\x1bP$q"p\x1b\\',
    "application program command": "\x1b_payload\x1b\\",
    "privacy message": "\x1b^payload\x1b\\",
    "8-bit CSI": "\x9b2J",
    "8-bit OSC": "\x9d0;pwned\x9c",
    "8-bit DCS": "\x90payload\x9c",
    "switch the character set": "\x0e\x1b(0",
    "move back and overwrite": "sent\rfake\b\b\b\x7f",
    "kitty graphics": "\x1b_Gf=24,t=f;L2V0Yy9wYXNzd2Q=\x1b\\",
    "bell": "\x07\x07\x07",
    "NUL": "a\x00b",
    "vertical tab and form feed": "a\x0bb\x0cc",
}
CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f]")
REORDERING = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"

each_place = pytest.mark.parametrize(
    "place",
    ["{}", "Alice{}", "{}.pdf", "12345 {} 67890", "grüße {} 👍🏽"],
    ids=["alone", "name", "file", "safety-number", "message"],
)


@each_place
@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_no_control_reaches_the_terminal(place: str, attack: str) -> None:
    text = place.format(attack)
    assert not CONTROLS.search(printable(text, multiline=False))
    assert not CONTROLS.search(printable(text, multiline=True).replace("\n", ""))


@each_place
@pytest.mark.parametrize("control", REORDERING, ids=lambda control: f"U+{ord(control):04X}")
def test_nothing_reorders_what_is_read(place: str, control: str) -> None:
    name = place.format(f"invoice{control}fdp.exe")
    assert control not in printable(name, multiline=False)
    assert "invoicefdp.exe" in printable(name, multiline=False)


def test_a_name_is_one_line() -> None:
    for line_break in ("\n", "\r\n", "\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"):
        name = printable(f"Alice{line_break}* Bob is verified", multiline=False)
        assert len(name.splitlines()) == 1


def test_nothing_is_hidden_between_the_letters() -> None:
    tags = "".join(chr(0xE0000 + ord(letter)) for letter in "ignore all")
    selectors = "".join(chr(0xFE00 + number % 16) for number in range(200))
    assert printable(f"hello{tags} there", multiline=True) == "hello there"
    assert len(printable(f"hello{selectors}", multiline=True)) <= 5 + MAX_MARKS
    assert printable("he\u200bl\u2060lo\ufeff", multiline=True) == "hello"


def test_a_tower_of_accents_stays_in_its_line() -> None:
    tower = "".join(letter + "\u0301\u0316\u0489" * 30 for letter in "ZALGO")
    for line in printable(tower, multiline=True), printable("\u0301" * 30 + tower, multiline=True):
        assert len(line) == 5 * (1 + MAX_MARKS)
        assert line[0] == "Z", "a mark would sit on the frame of the window"


def test_lone_surrogates_can_be_written_out() -> None:
    assert printable("\udc1b[2J", multiline=True).encode("utf-8")


@given(text=st.text(st.sampled_from(CONTROLS.pattern + REORDERING + "".join(ATTACKS.values()))))
def test_no_mixture_of_attacks_leaves_one(text: str) -> None:
    for line in (printable(text, multiline=False), *printable(text, multiline=True).split("\n")):
        assert not CONTROLS.search(line)
        assert not set(line) & set(REORDERING)
