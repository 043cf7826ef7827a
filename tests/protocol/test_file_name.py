"""A name from outside names one file where it is put, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restante.protocol.file_name import MAX_NAME_BYTES, NAMELESS, numbered, safe_name
from restante.protocol.text import printable

nasty = st.text(
    st.characters() | st.sampled_from("./\\~- \x00\x1b\u202e:*?|<>\"'$`&;\ufffd\n\t_con.tar")
)


@given(nasty)
def test_it_is_one_visible_name_that_drives_nothing(name: str) -> None:
    safe = safe_name(name)
    assert safe
    assert not set('/\\\x00\n\t:*?|<>"`$&;!') & set(safe)
    assert safe[0] not in ".-~ "
    assert safe[-1] not in ". "
    assert len(safe.encode()) <= MAX_NAME_BYTES + 1
    assert printable(safe, multiline=False) == safe


@given(nasty)
def test_one_more_pass_changes_nothing(name: str) -> None:
    assert safe_name(safe_name(name)) == safe_name(name)


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("report.pdf", "report.pdf"),
        ("../../.ssh/authorized_keys", "authorized_keys"),
        ("/etc/passwd", "passwd"),
        ("C:\\Windows\\system.ini", "system.ini"),
        ("..", NAMELESS),
        ("", NAMELESS),
        (".bashrc", "bashrc"),
        ("-rf", "rf"),
        ("~root", "root"),
        ("a\x00b\x1b[31m.txt", "ab[31m.txt"),
        ("invoice\u202egpj.exe", "invoicegpj.exe"),
        ("what?.txt", "what_.txt"),
        ("CON", "_CON"),
        ("aux.txt", "_aux.txt"),
        ("COM1", "_COM1"),
        ("two\nlines.txt", "two lines.txt"),
        ("ends in a dot.", "ends in a dot"),
        ("__", NAMELESS),
        ("x" * 300 + ".jpeg", "x" * 195 + ".jpeg"),
        ("é" * 300, "é" * 100),
        ("日本語.txt", "日本語.txt"),
    ],
)
def test_names_stay_as_like_as_can_be(name: str, safe: str) -> None:
    assert safe_name(name) == safe


def test_a_number_stands_before_what_says_what_it_is() -> None:
    assert numbered("a.pdf", 2) == "a (2).pdf"
    assert numbered("a.tar.gz", 3) == "a (3).tar.gz"
    assert numbered("a", 2) == "a (2)"
    assert numbered("about 3.5 million", 2) == "about 3.5 million (2)"
