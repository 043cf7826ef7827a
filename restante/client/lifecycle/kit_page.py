"""The recovery kit as a page to print: 24 numbered words, the address, a QR code, and what to do.

Rule: one file that needs nothing else, no network, no script, and is legible without its styles.
Pure: writes no file and knows no secret but the words that it is given. Spec: docs/engine.md,
section 17.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from textwrap import fill
from typing import Final

COLUMNS: Final = 4
COLUMNS_OF_TEXT: Final = 80

_TITLE: Final = "Restante recovery kit"
_WHAT: Final = (
    (
        "These 24 words are your account. With them it comes back when all your devices are lost: "
        "your address, and who you are to your contacts, who need not verify you again."
    ),
    "Your messages, your contacts and the names that you gave them are not in here.",
)
_TO_DO: Final = (
    (
        "Print this page, or copy the words by hand. Keep it where you keep what must not be lost "
        "or stolen: whoever reads it can become you."
    ),
    "Delete the file. Don't photograph it, and don't keep it in a cloud.",
    (
        "Confirm it: restante recovery confirm. It asks for three of the words, and then erases "
        "them from this machine."
    ),
    "If you lose your devices, on a new machine: restante recover {address}",
)

_STYLE: Final = """
body { font: 12pt/1.4 serif; max-width: 17cm; margin: 1.5cm auto; color: #000; background: #fff; }
table { border-collapse: collapse; width: 100%; margin: 0.5cm 0; }
td { border: 1px solid #000; padding: 0.2cm 0.3cm; font: 12pt monospace; width: 25%; }
td b { display: inline-block; min-width: 2.5em; font-weight: normal; color: #555; }
.code { text-align: center; } code { font: 11pt monospace; }
@page { margin: 1.5cm; }
"""


def page_html(address: str, words: Sequence[str], *, qr_svg: str) -> str:
    """Return the page as HTML; `qr_svg` is an `<svg>` of the words, separated by spaces."""
    cells = [f"<td><b>{number}</b> {escape(word)}</td>" for number, word in enumerate(words, 1)]
    rows = "".join(f"<tr>{''.join(row)}</tr>\n" for row in _rows(cells))
    to_do = "".join(f"<li>{escape(step.format(address=address))}</li>\n" for step in _TO_DO)
    what = "".join(f"<p>{escape(sentence)}</p>\n" for sentence in _WHAT)
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f"<title>{_TITLE}</title>\n<style>{_STYLE}</style></head>\n<body>\n"
        f"<h1>{_TITLE}</h1>\n<p>Account: <code>{escape(address)}</code></p>\n{what}"
        f'<table>\n{rows}</table>\n<ol>\n{to_do}</ol>\n<div class="code">{qr_svg}\n'
        "<p>The same 24 words, to scan.</p></div>\n</body></html>\n"
    )


def page_text(address: str, words: Sequence[str]) -> str:
    """Return the page as text, 80 columns wide unless the address is longer."""
    width = max(map(len, words)) + 4
    cells = [f"{number:2} {word}".ljust(width) for number, word in enumerate(words, 1)]
    table = "\n".join("  ".join(row).rstrip() for row in _rows(cells))
    steps = (f"{number}. {step.format(address=address)}" for number, step in enumerate(_TO_DO, 1))
    to_do = "\n".join(
        fill(
            step,
            COLUMNS_OF_TEXT,
            subsequent_indent="   ",
            break_long_words=False,
            break_on_hyphens=False,
        )
        for step in steps
    )
    what = "\n".join(fill(sentence, COLUMNS_OF_TEXT) for sentence in _WHAT)
    return f"{_TITLE}\nAccount: {address}\n\n{what}\n\n{table}\n\n{to_do}\n"


def _rows(cells: Sequence[str]) -> list[Sequence[str]]:
    return [cells[at : at + COLUMNS] for at in range(0, len(cells), COLUMNS)]
