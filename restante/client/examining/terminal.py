"""What the terminal can do: found out by asking it, and said with what to do where it can't.

    CSI 6n after a wide sign   how wide it draws what Unicode calls wide
    CSI ? 2004 $ p             whether it marks what is pasted
    kitty's graphics, a=q      whether it draws pictures so
    CSI c                      whether it draws sixel; every terminal answers this, so it comes last

Rule: it is asked once, for a moment, and left as it was; whoever doesn't answer is judged by what
it left in the environment. Nothing is asked where the answers could go somewhere else. Spec:
docs/cli.md, section "doctor".
"""

from __future__ import annotations

import os
import re
import select
import termios
import time
import tty
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Final

from restante.client.interface import Finding
from restante.values import dataclass

WIDE: Final = "好"
PATIENCE_S: Final = 0.6
"""A terminal answers within milliseconds; across a slow connection within some hundred."""

_MAX_BYTES: Final = 4096
_ASK: Final = (
    f"\r{WIDE}\x1b[6n\r\x1b[K\x1b[?2004$p\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\\r\x1b[K\x1b[c"
).encode()
_LAST: Final = re.compile(rb"\x1b\[\?([\d;]*)c")
_PLACE: Final = re.compile(rb"\x1b\[\d+;(\d+)R")
_PASTE: Final = re.compile(rb"\x1b\[\?2004;([0-4])\$y")
_KITTY: Final = re.compile(rb"\x1b_Gi=31;OK")
_SIXEL: Final = "4"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What a terminal said of itself; None where it said nothing."""

    wide_cells: int | None = None
    marks_pastes: bool | None = None
    has_kitty: bool = False
    has_sixel: bool = False
    has_answered: bool = False


def read_answers(said: bytes) -> Answers:
    """Read what came back, in whatever order."""
    last, place, paste = _LAST.search(said), _PLACE.search(said), _PASTE.search(said)
    return Answers(
        wide_cells=int(place[1]) - 1 if place else None,
        marks_pastes=paste[1] in {b"1", b"2", b"3"} if paste else None,
        has_kitty=_KITTY.search(said) is not None,
        has_sixel=last is not None and _SIXEL in last[1].decode().split(";"),
        has_answered=last is not None,
    )


def ask_terminal() -> Answers:
    """Ask the process's own terminal. Nothing where there is none, or it is another's just now."""
    try:
        descriptor = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        return Answers()
    try:
        if os.tcgetpgrp(descriptor) != os.getpgrp():
            return Answers()  # in the background: who is in front would get the answers
        return ask(descriptor)
    except (OSError, termios.error):
        return Answers()
    finally:
        os.close(descriptor)


def ask(descriptor: int, *, patience_s: float = PATIENCE_S) -> Answers:
    """Ask a terminal, and leave it as it was. Raises OSError, termios.error: it is none."""
    kept, said = termios.tcgetattr(descriptor), b""
    try:
        tty.setraw(descriptor, termios.TCSADRAIN)
        os.write(descriptor, _ASK)
        deadline = time.monotonic() + patience_s
        while not _LAST.search(said) and len(said) < _MAX_BYTES:
            left_s = deadline - time.monotonic()
            if left_s <= 0 or not select.select([descriptor], [], [], left_s)[0]:
                break
            said += os.read(descriptor, _MAX_BYTES)
    finally:
        with suppress(termios.error):
            termios.tcsetattr(descriptor, termios.TCSAFLUSH, kept)
    return read_answers(said)


def look_at_terminal(environ: Mapping[str, str], answers: Answers) -> Iterator[Finding]:
    """Say what it can do, of a terminal that the chat can draw on."""
    yield _colours(environ)
    if answers.has_answered:
        yield from _width(answers)
        yield _paste(answers)
    yield _pictures(environ, answers)
    yield _notices(environ)


def _colours(environ: Mapping[str, str]) -> Finding:
    if environ.get("NO_COLOR"):
        return Finding(check="colours", state="ok", found="None: NO_COLOR asks for that.")
    if environ.get("COLORTERM") in {"truecolor", "24bit"}:
        return Finding(check="colours", state="ok", found="16 million.")
    count = _count_of_terminfo(environ.get("TERM", ""))
    if count >= 256:
        return Finding(
            check="colours",
            state="ok",
            found=f"{count}. If it has 16 million, COLORTERM=truecolor says so.",
        )
    return Finding(
        check="colours",
        state="warning",
        found=f"{count or 'unknown'}, by its TERM.",
        fix="Set TERM to what your terminal is, as xterm-256color; inside tmux, in its settings: "
        "set -g default-terminal tmux-256color",
    )


def _count_of_terminfo(kind: str) -> int:
    import curses  # noqa: PLC0415  (only here)

    try:
        curses.setupterm(kind, os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC))
        return max(curses.tigetnum("colors"), 0)
    except curses.error:
        return 0


def _width(answers: Answers) -> Iterator[Finding]:
    if answers.wide_cells is None:
        return
    if answers.wide_cells == 2:
        yield Finding(check="width", state="ok", found="Wide signs take two cells.")
        return
    yield Finding(
        check="width",
        state="warning",
        found=f"{WIDE} takes {answers.wide_cells} cells, where Unicode says two: lines may shift.",
        fix="Choose a UTF-8 locale for the terminal itself (and for tmux: tmux -u), or a newer "
        "terminal. Signs of the chat's own: RESTANTE_ASCII=1",
    )


def _paste(answers: Answers) -> Finding:
    if answers.marks_pastes is not False:
        return Finding(check="paste", state="ok", found="What is pasted comes as that.")
    return Finding(
        check="paste",
        state="warning",
        found="It doesn't mark what is pasted: each line of it would be sent for itself.",
        fix="Take a terminal with bracketed paste, or send longer texts with: restante send NAME -",
    )


def _pictures(environ: Mapping[str, str], answers: Answers) -> Finding:
    how = "kitty's graphics" if answers.has_kitty else "sixel" if answers.has_sixel else ""
    if how:
        return Finding(check="pictures", state="ok", found=f"Drawn by {how}.")
    inside = " tmux passes none on." if environ.get("TMUX") else ""
    return Finding(
        check="pictures",
        state="ok",
        found=f"Drawn in half-blocks: it says nothing of kitty's graphics or sixel.{inside}",
    )


def _notices(environ: Mapping[str, str]) -> Finding:
    from restante.client.tui.escapes import choose_way  # noqa: PLC0415  (only here)

    way = choose_way(environ)
    if way.sequence == "bell":
        return Finding(
            check="notices",
            state="ok",
            found="The bell: it isn't known to show any. If it does, say so by RESTANTE_NOTICE=9, "
            "777 or 99.",
        )
    if way.in_tmux:
        return Finding(
            check="notices",
            state="warning",
            found=f"By OSC {way.sequence}, which tmux may keep to itself.",
            fix="In tmux's settings: set -g allow-passthrough on",
        )
    return Finding(check="notices", state="ok", found=f"By OSC {way.sequence}.")
