"""What takes long, shown while a command waits for it: one line on stderr, drawn anew.

Rule: only a terminal gets a line that is drawn anew; anything else gets a line for each tenth. It
never fails a command: whoever won't wait goes, and the engine goes on when it runs again.
Spec: docs/cli.md, section "device".
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final

from restante.client.sizes import size_text

if TYPE_CHECKING:
    from restante.client.commands.output import Output
    from restante.client.oneshot import Caller

PATIENCE_S: Final = 20.0
"""Without any progress for so long, the other device is probably off: no use in waiting."""

BAR_CELLS: Final = 14
"""With everything beside it, the line fits 80 columns."""


def follow_history(out: Output, caller: Caller, *, direction: str) -> bool:
    """Show a transfer until the new device has it; False if it stands still or the user leaves.

    `direction` is `in` on the new device and `out` on the old one. The caller has subscribed.
    """
    line = ProgressLine(out)
    ends_left = 2 if direction == "out" else 1  # all is at the relay, then: all is taken from there
    try:
        while (event := caller.next_event(timeout_s=PATIENCE_S)) is not None:
            if event["type"] == "transfer" and event["direction"] == direction:
                line.write(progress_text(event), tenth=_tenth(event))
                ends_left -= event["is_complete"]
                if not ends_left:
                    return True
    except KeyboardInterrupt:
        caller.reconnect()
    finally:
        line.end()
    return False


def progress_text(event: dict[str, Any], what: str = "History") -> str:
    """Return a line for people: bar, percent, bytes, rate and the time that is left."""
    total = max(event["total_bytes"], 1)
    share = 1.0 if event["is_complete"] else min(event["done_bytes"] / total, 0.99)
    filled = int(share * BAR_CELLS)
    parts = [
        f"[{'#' * filled}{'.' * (BAR_CELLS - filled)}] {share:4.0%}",
        f"{size_text(event['done_bytes'])} of {size_text(event['total_bytes'])}",
    ]
    if not event["is_complete"]:
        parts.append(f"{size_text(event['rate_bytes_s'])}/s")
        if event["left_s"] is not None:
            parts.append(f"{_time(event['left_s'])} left")
    return f"{what} " + "  ".join(parts)


def show_file(line: ProgressLine, event: dict[str, Any], what: str) -> None:
    """Show how far a file is."""
    is_complete = event["done_bytes"] == event["total_bytes"]
    event = {**event, "is_complete": is_complete}
    line.write(progress_text(event, what), tenth=_tenth(event))


def _tenth(event: dict[str, Any]) -> int:
    if event["is_complete"]:
        return 10
    tenth: int = event["done_bytes"] * 10 // max(event["total_bytes"], 1)
    return tenth


class ProgressLine:
    """Where it is written."""

    def __init__(self, out: Output) -> None:
        self._out = out
        self._is_terminal = sys.stderr is not None and sys.stderr.isatty() and out.verbosity >= 0
        self._tenth = -1
        self._is_open = False

    def show(self, what: str, done: int, total: int, *, is_complete: bool) -> None:
        """Show how much is done of a number of whatever it is."""
        share = 1.0 if is_complete else min(done / max(total, 1), 0.99)
        filled = int(share * BAR_CELLS)
        bar = f"[{'#' * filled}{'.' * (BAR_CELLS - filled)}] {share:4.0%}"
        self.write(f"{what} {bar}", tenth=10 if is_complete else int(share * 10))

    def write(self, text: str, *, tenth: int) -> None:
        """Draw the line anew; where that can't be, write one for each tenth."""
        if self._is_terminal:
            self._write(f"\r{text}\x1b[K")
            self._is_open = True
        elif tenth > self._tenth:
            self._tenth = tenth
            self._out.note(text)

    def end(self) -> None:
        """Leave the line as it stands."""
        if self._is_open:
            self._write("\n")
            self._is_open = False

    def _write(self, text: str) -> None:
        try:
            sys.stderr.write(text)
            sys.stderr.flush()
        except (OSError, ValueError):
            self._is_terminal = False


def _time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
