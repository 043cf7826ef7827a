"""What a program wrote for a terminal becomes what a person saw there, and no escape is left."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restante.client.commands.plain_output import last_of, plain


@pytest.mark.parametrize(
    ("written", "seen"),
    [
        (b"a\nb\n", "a\nb\n"),
        (b"\x1b[1;31mred\x1b[0m\n", "red\n"),
        (b"10%\r50%\r100%\n", "100%\n"),
        (b"dos\r\nlines\r\n", "dos\nlines\n"),
        (b"spin-\x08\\\x08|\x08 done", "spin done"),
        (b"\x1b]0;title\x07text\x1b]8;;http://x\x1b\\link", "textlink"),
        (b"\x1b]0;never ended", ""),
        (b"\x1b(Bx\x1b=y\x1b7", "xy"),
        ("zwölf \N{SNOWMAN}".encode(), "zwölf \N{SNOWMAN}"),
        (b"\xff\xfe", "\ufffd\ufffd"),
    ],
)
def test_it_is_what_was_seen(written: bytes, seen: str) -> None:
    assert plain(written) == seen


@given(st.binary(max_size=400))
def test_no_sequence_is_left_whatever_was_written(written: bytes) -> None:
    assert "\x1b[" not in plain(written)


@given(st.text(max_size=300), st.integers(10, 200), st.integers(1, 20))
def test_the_end_is_kept_within_its_bounds(text: str, max_bytes: int, max_lines: int) -> None:
    kept = last_of(text, max_bytes=max_bytes, max_lines=max_lines)
    assert len(kept.encode("utf-8", "replace")) <= max_bytes
    assert kept.removeprefix("…\n").count("\n") < max_lines
    assert kept.startswith("…\n") or kept == text.rstrip("\n")


def test_a_cut_begins_with_a_whole_line_and_says_that_it_is_one() -> None:
    assert last_of("one\ntwo\nthree\n", max_bytes=100, max_lines=2) == "…\ntwo\nthree"
    assert last_of("aaaa\nbbbb\ncccc", max_bytes=14) == "aaaa\nbbbb\ncccc"
    assert last_of("aaaa\nbbbb\ncccc", max_bytes=13) == "…\ncccc"
