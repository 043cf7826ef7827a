"""The page of the recovery kit: whole, in order, and in need of nothing else."""

from __future__ import annotations

import re

from restante.client.lifecycle.kit_page import page_html, page_text
from restante.client.qr import qr_svg
from restante.crypto import recovery_words
from restante.crypto.keys import RootSigningKey

ROOT = RootSigningKey(bytes(range(32)))
WORDS = recovery_words.to_words(ROOT)
ADDRESS = "alice@[2001:db8::1]:7441#abcdefghijklmnopqrstuvwxyz"


def test_the_html_page_has_every_word_in_its_place_and_loads_nothing() -> None:
    page = page_html(ADDRESS, WORDS, qr_svg=qr_svg(" ".join(WORDS)))
    cells = re.findall(r"<td><b>(\d+)</b> (\w+)</td>", page)
    assert cells == [(str(number), word) for number, word in enumerate(WORDS, 1)]
    assert page.count(ADDRESS) == 2
    assert page.count("<svg") == 1
    assert not re.search(r"<script|<link|<img|url\(|https?://(?!www\.w3\.org)|src=", page)


def test_what_an_address_could_hold_is_no_markup() -> None:
    page = page_html("a<b>@x", WORDS, qr_svg="")
    assert "a&lt;b&gt;@x" in page
    assert "a<b>@x" not in page


def test_the_text_page_reads_back_and_fits_a_terminal() -> None:
    page = page_text(ADDRESS, WORDS)
    assert all(len(line) <= 80 or ADDRESS in line for line in page.splitlines())
    table = "\n".join(line for line in page.splitlines() if re.match(r" ?\d+ \w+  ", line))
    assert recovery_words.from_words(table).raw == ROOT.raw
