"""What makes a terminal ring, show a notice on the desktop, and carry a title. Pure.

Rule: no text gets into a sequence but through `_safe`: a control in it would end the sequence, and
what follows would drive the terminal (attack 49). Each terminal has its own sequence, and is known
by what it leaves in the environment. Spec: docs/tui.md, section 12.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from typing import Final, Literal

from restante.client.tui.clean import clean_line
from restante.values import dataclass

BELL: Final = "\x07"
KEEP_TITLE: Final = "\x1b[22;2t"
"""The terminal puts its title aside."""
TITLE_BACK: Final = "\x1b[23;2t"

MAX_CHARACTERS: Final = 200
"""Of each text in a sequence: terminals cut, or drop, what is much longer."""

_ST: Final = "\x1b\\"

_WITH_777: Final = ("ghostty", "wezterm", "foot", "rxvt")
_WITH_9: Final = ("iterm", "warp")

Sequence = Literal["9", "777", "99", "bell"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How this terminal is told of something."""

    sequence: Sequence
    in_tmux: bool = False
    is_doubtful: bool = False
    """Whether the notice may get lost on its way: then the bell rings as well."""
    has_title: bool = True


def choose_way(environment: Mapping[str, str]) -> Way:
    """Return the way of the terminal that left these variables; `RESTANTE_NOTICE` goes before."""
    in_tmux = bool(environment.get("TMUX"))
    has_title = environment.get("TERM", "") != "linux"
    asked = environment.get("RESTANTE_NOTICE", "")
    for sequence in ("9", "777", "99", "bell"):
        if asked == sequence:
            return Way(sequence=sequence, in_tmux=in_tmux, has_title=has_title)
    found = _sequence(environment)
    # tmux lets nothing through unless it is told to; VTE shows notices in some systems only.
    is_doubtful = found != "bell" and (in_tmux or "VTE_VERSION" in environment)
    return Way(sequence=found, in_tmux=in_tmux, is_doubtful=is_doubtful, has_title=has_title)


def _sequence(environment: Mapping[str, str]) -> Sequence:
    if environment.get("STY") and not environment.get("TMUX"):
        return "bell"  # screen passes nothing on
    names = " ".join(environment.get(each, "") for each in ("TERM", "TERM_PROGRAM", "LC_TERMINAL"))
    names = names.lower()
    if "kitty" in names or environment.get("KITTY_WINDOW_ID"):
        return "99"
    if any(each in names for each in _WITH_9):
        return "9"
    if any(each in names for each in _WITH_777) or environment.get("VTE_VERSION"):
        return "777"
    return "bell"


def notice(way: Way, heading: str, text: str) -> str:
    """Return what shows a notice on the desktop, or rings where there is no way to."""
    if way.sequence == "bell":
        return BELL
    heading, text = _safe(heading), _safe(text)
    if way.sequence == "99":  # i: a newer one takes the place of the last; e: in base64
        told = _osc(f"99;i=restante:o=unfocused:e=1:d=0:p=title;{_base64(heading)}")
        told += _osc(f"99;i=restante:e=1:d=1:p=body;{_base64(text)}")
    elif way.sequence == "777":
        told = _osc(f"777;notify;{heading};{text}")
    else:
        told = _osc(f"9;{heading}: {text}")
    if way.in_tmux:
        told = "\x1bPtmux;" + told.replace("\x1b", "\x1b\x1b") + _ST
    return told + (BELL if way.is_doubtful else "")


def title(way: Way, text: str) -> str:
    """Return what makes a text the title of the window; nothing where there is no window."""
    return _osc(f"2;{_safe(text)}") if way.has_title else ""


def _osc(payload: str) -> str:
    return f"\x1b]{payload}{_ST}"


def _base64(text: str) -> str:
    return b64encode(text.encode()).decode()


def _safe(text: str) -> str:
    """Return one short line without a control, and without what separates the fields."""
    return clean_line(text[: 2 * MAX_CHARACTERS]).replace(";", ",")[:MAX_CHARACTERS]
