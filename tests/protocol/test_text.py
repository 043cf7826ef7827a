"""Text from outside: what a terminal obeys goes, what people write stays."""

from __future__ import annotations

from unicodedata import category, normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restante.protocol.text import MAX_MARKS, REPLACEMENT, printable

# Letters, marks, controls, formats and the rare planes, more densely than chance brings them.
nasty = st.characters(
    categories=("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs", "Mn", "Me", "Lo", "Ll", "So")
) | st.sampled_from("\x1b\x9b\u202e\u2066\u200d\ufe0f\u0301\u1161\u11a8\r\n\t\u2028A \U0001f3f4")
texts = st.text(nasty) | st.text()


@given(text=texts, multiline=st.booleans())
def test_one_more_pass_changes_nothing(text: str, *, multiline: bool) -> None:
    once = printable(text, multiline=multiline)
    assert printable(once, multiline=multiline) == once


@given(text=texts, multiline=st.booleans())
def test_no_control_and_no_invisible_format_comes_out(text: str, *, multiline: bool) -> None:
    for character in printable(text, multiline=multiline):
        kind = category(character)
        assert kind not in {"Cc", "Cs", "Co", "Zl", "Zp"} or (multiline and character in "\n\t")
        assert kind != "Cn" or 0x1F000 <= ord(character) < 0x1FB00


@given(text=texts)
def test_a_single_line_stays_one(text: str) -> None:
    assert "\n" not in printable(text, multiline=False)
    assert len(printable(text, multiline=False).splitlines()) <= 1


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E)))
def test_plain_text_is_left_alone(text: str) -> None:
    assert printable(text, multiline=False) is text


@pytest.mark.parametrize(
    "text",
    [
        "Schöne Grüße, naïve façade – “quoted” …",  # noqa: RUF001  as people write
        normalize("NFD", "Schöne Grüße, Việt Nam, čeština"),
        "Съешь ещё этих мягких французских булок",
        "天地玄黃、宇宙洪荒。",
        "こんにちは\u3000世界",
        "안녕하세요 " + normalize("NFD", "한국어"),
        "שָׁלוֹם בְּרֵאשִׁ֖ית",
        "السَّلَامُ عَلَيْكُمْ",
        "क्षत्रिय स्वतन्त्रता क्\u200dष",
        "ที่นี่ ผู้ใหญ่",
        "\u0f67\u0fb1\u0fb2\u0f74\u0f7e",  # a Tibetan stack
        "👍🏽 👩\u200d❤\ufe0f\u200d💋\u200d👨 👨\u200d👩\u200d👧\u200d👦",
        "🏳\ufe0f\u200d🌈 ☎\ufe0f ☎\ufe0e 1\ufe0f⃣ 🇩🇪",
        "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",  # England
        "می\u200cخواهم",  # noqa: RUF001  Persian needs its non-joiner
        "5\u00a0km, 10\u202f000, a\u2009b",
        "\U0001fae9\U0001fadf",  # newer than some supported Unicode
        "∑ ≤ ∞ → ✓ ░▒▓█ ─┼─",
        "line one\nline two\n\n- and four",
        "name\tvalue\n\tindented",
    ],
)
def test_what_people_write_is_left_alone(text: str) -> None:
    assert printable(text, multiline=True) == text


@pytest.mark.parametrize(
    ("text", "multiline", "clean"),
    [
        ("a\x1b[31mb\x1b[0m", True, "a[31mb[0m"),
        ("a\x9b31mb", True, "a31mb"),
        ("a\tb", True, "a\tb"),
        ("a\tb", False, "a    b"),
        ("\ta", False, "    a"),
        ("a\r\nb\rc\nd", True, "a\nb\nc\nd"),
        ("a\r\nb\rc\nd", False, "a b c d"),
        ("a\u2028b\u2029c", True, "a\nb\nc"),
        ("a\x0b\x0c\x85b", True, "ab"),
        ("a\x00\x7f\x80\x9fb", True, "ab"),
        ("a\u202eb\u2066c\u2069\u200e\u200f\u061cd", True, "abcd"),
        ("\ufeffa\u200b\u2060\u00ad\u180eb", True, "ab"),
        ("a\ufff9b\ufffac\ufffb", True, "abc"),
        ("a\U000e0041\U000e0042", True, "a"),
        ("\U0001f3f4\U000e0067", True, "\U0001f3f4"),
        ("\ud800a\udfff", True, REPLACEMENT + "a" + REPLACEMENT),
        ("\ue000\U000f0000\U00100000", True, REPLACEMENT * 3),
        ("\u0378\uffff\U0003fffe", True, REPLACEMENT * 3),
        ("a" + "\u0301" * 40 + "b", True, "a" + "\u0301" * MAX_MARKS + "b"),
        ("a" + "\ufe0f\u200d" * 40 + "b", True, "a" + "\ufe0f\u200d" * (MAX_MARKS // 2) + "b"),
        ("\u1100" + "\u1161" * 40, True, "\u1100" + "\u1161" * MAX_MARKS),
        ("\u0301\u0302a", True, "a"),
        ("\u1161a", True, "a"),
        ("\x1b\u0301a", True, "a"),
        ("a\n\u0301b", True, "a\nb"),
        ("a\n\u0301b", False, "a b"),
        ("👩\u200d", True, "👩"),
        ("👩\u200d\u200c\n👩", True, "👩\n👩"),
        ("", True, ""),
    ],
)
def test_what_a_terminal_would_obey_goes(text: str, *, multiline: bool, clean: str) -> None:
    assert printable(text, multiline=multiline) == clean


def test_marks_are_counted_after_what_hid_between_them_is_gone() -> None:
    hidden = "a" + "\u0301\u200b\x1b" * 40
    assert printable(hidden, multiline=True) == "a" + "\u0301" * MAX_MARKS
