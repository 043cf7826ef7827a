"""The signs of the interface, in two sets. Pure.

Rule: each is of the same width in every terminal (no emoji), stands beside a word or a number
that says the same, and is never told apart by colour alone. Spec: docs/tui.md, section 5.
"""

from __future__ import annotations

import locale
from collections.abc import Mapping

from restante.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Glyphs:
    """One set of signs; `is_ascii` also chooses the borders."""

    is_ascii: bool
    queued: str
    sent: str
    delivered: str
    verified: str
    unverified: str
    alert: str
    request: str
    connected: str
    connecting: str
    offline: str
    draft: str
    find: str
    rule: str
    cursor: str
    quote: str
    gap: str
    ellipsis: str
    dot: str
    down: str
    kept: str
    muted: str
    back: str
    thread: str


UNICODE = Glyphs(
    is_ascii=False,
    queued="◔",
    sent="✓",
    delivered="✓✓",
    verified="✔",
    unverified="?",
    alert="!",
    request="+",
    connected="●",
    connecting="◌",
    offline="○",
    draft="✎",
    find="⌕",
    rule="─",
    cursor="▌",
    quote="│",
    gap="┄",
    ellipsis="…",
    dot="·",
    down="↓",
    kept="↑",
    muted="⊘",
    back="←",
    thread="↳",
)

ASCII = Glyphs(
    is_ascii=True,
    queued="..",
    sent="v",
    delivered="vv",
    verified="=",
    unverified="?",
    alert="!",
    request="+",
    connected="*",
    connecting="~",
    offline="o",
    draft=">",
    find="/",
    rule="-",
    cursor="|",
    quote="|",
    gap="-",
    ellipsis="...",
    dot="-",
    down="v",
    kept="^",
    muted="x",
    back="<",
    thread="`-",
)


def choose_glyphs(environment: Mapping[str, str], *, encoding: str | None = None) -> Glyphs:
    """Take plain ASCII where `RESTANTE_ASCII` asks for it or the locale's encoding needs it."""
    if environment.get("RESTANTE_ASCII", "") not in {"", "0"}:
        return ASCII
    name = (encoding or locale.getpreferredencoding(False)).lower().replace("-", "")
    return UNICODE if name.startswith("utf") else ASCII
