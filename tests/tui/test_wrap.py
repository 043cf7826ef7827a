"""Breaking lines: by cells, whatever the script."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restante.client.tui.clean import clean
from restante.client.tui.wrap import cells, centred, pad, shorten, wrap

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"

CORPUS = [
    "Plain words that wrap at spaces.",
    "Ein Zungenbrecher: Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamter",
    "日本語の文章は空白がないので、どこでも折り返すことができます。",
    "한국어 문장은 띄어쓰기가 있습니다 그래서 단어에서 나뉩니다",
    "שלום עולם, זו הודעה מימין לשמאל",
    "مرحبا بالعالم هذه رسالة من اليمين إلى اليسار",
    f"A family {FAMILY} and a thumb \U0001f44d\U0001f3fd and a heart \u2764\ufe0f in one line",
    "Zalgo z\u0335\u0321\u0300a\u0336l\u0337g\u0338o and e\u0301 combining",
    "क्षत्रिय हिन्दी में संयुक्ताक्षर",
    "https://example.org/a/very/long/path/without/any/space/in/it?with=query&and=more#fragment",
    "   indented\n\ttabbed\n\nblank line above",
    "👍" * 50,
]


@pytest.mark.parametrize("width", [2, 3, 7, 20, 41, 80])
@pytest.mark.parametrize("text", CORPUS)
def test_no_line_of_the_corpus_is_too_wide(text: str, width: int) -> None:
    text = clean(text)
    lines = wrap(text, width)
    assert all(cells(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace("\n", "").replace(" ", "")


@given(st.text(), st.integers(2, 60))
def test_no_line_of_any_text_is_too_wide_and_no_letter_is_lost(text: str, width: int) -> None:
    text = clean(text)
    lines = wrap(text, width)
    assert all(cells(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace("\n", "").replace(" ", "")


def test_breaks_at_words_and_drops_the_space_there() -> None:
    assert wrap("the tide was out", 8) == ["the tide", "was out"]


def test_keeps_empty_lines_and_indentation() -> None:
    assert wrap("one\n\n  two", 10) == ["one", "", "  two"]


def test_a_word_wider_than_a_line_begins_on_its_own_line_and_is_folded() -> None:
    assert wrap("see abcdefghij", 6) == ["see", "abcdef", "ghij"]


def test_a_script_without_spaces_fills_the_line() -> None:
    assert wrap("ab 日本語", 7) == ["ab 日本", "語"]


def test_a_grapheme_is_never_torn() -> None:
    for line in wrap(clean(FAMILY * 4), 3):
        assert line == FAMILY


@given(st.text(), st.integers(0, 60))
def test_shortened_fits(text: str, width: int) -> None:
    assert cells(shorten(clean(text).replace("\n", " "), width, ellipsis="…")) <= width


def test_shortening_ends_with_a_whole_word() -> None:
    assert shorten("tickets booked for nine", 16, ellipsis="…") == "tickets booked…"


def test_shortening_cuts_a_lone_word() -> None:
    assert shorten("kim@elsewhere.example", 10, ellipsis="…") == "kim@elsew…"


@given(st.text(max_size=20), st.integers(2, 80))
def test_a_rule_is_exactly_as_wide_as_it_should_be(label: str, width: int) -> None:
    label = clean(label).replace("\n", " ")
    line = centred(label, width, rule="─")
    assert cells(line) == width or line == label


def test_padding_counts_cells() -> None:
    assert cells(pad("日本", 6)) == 6


def test_a_tab_goes_on_to_the_next_stop() -> None:
    assert wrap(clean("a\tb\n\tc"), 20) == ["a   b", "    c"]
