"""The line that shows a history on its way: what it says, when it ends, and where it is drawn."""

from __future__ import annotations

import io
import sys
from typing import Any

import pytest

from restante.client.commands.output import Output
from restante.client.commands.progress import follow_history, progress_text


def an_event(**changed: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "type": "transfer",
        "direction": "in",
        "done_bytes": 0,
        "total_bytes": 48_000_000,
        "rate_bytes_s": 0,
        "left_s": None,
        "is_complete": False,
    }
    return {**values, **changed}


HALF = an_event(done_bytes=24_000_000, rate_bytes_s=1_250_000, left_s=19.2)
DONE = an_event(done_bytes=48_000_000, is_complete=True)


class Events:
    """What a command hears of an engine, as a caller hands it on."""

    def __init__(self, *events: dict[str, Any] | type[BaseException] | None) -> None:
        self.left = list(events)
        self.reconnected = False

    def next_event(self, *, timeout_s: float | None = None) -> dict[str, Any] | None:
        assert timeout_s is not None, "nobody waits for ever"
        event = self.left.pop(0) if self.left else None
        if isinstance(event, type):
            raise event
        return event

    def reconnect(self) -> None:
        self.reconnected = True


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def follow(*events: Any, direction: str = "in") -> tuple[bool, Events]:
    heard = Events(*events)
    return follow_history(Output(), heard, direction=direction), heard  # type: ignore[arg-type]


def test_it_says_share_bytes_rate_and_the_time_that_is_left() -> None:
    assert progress_text(HALF) == (
        "History [#######.......]  50%  24.0 MB of 48.0 MB  1.2 MB/s  0:19 left"
    )
    assert "1:02:05 left" in progress_text(an_event(left_s=3725.4, rate_bytes_s=900))
    assert "900 B/s" in progress_text(an_event(rate_bytes_s=900))
    assert "left" not in progress_text(an_event())
    assert progress_text(DONE).endswith("100%  48.0 MB of 48.0 MB")
    assert " 99%" in progress_text(an_event(done_bytes=48_000_000))
    longest = an_event(
        done_bytes=999_900_000, total_bytes=999_900_000, rate_bytes_s=999_900, left_s=99_999
    )
    assert len(progress_text(longest)) < 80


def test_it_ends_when_all_is_there_and_not_by_another_transfer() -> None:
    elsewhere = {**DONE, "direction": "out"}
    is_complete, events = follow({"type": "status"}, elsewhere, HALF, DONE, HALF)
    assert is_complete
    assert events.left == [HALF]


def test_who_gives_a_history_waits_until_it_is_taken_and_not_only_sent() -> None:
    sent = {**DONE, "direction": "out"}
    assert follow(sent, None, direction="out")[0] is False
    is_complete, events = follow(sent, {"type": "status"}, sent, HALF, direction="out")
    assert is_complete
    assert events.left == [HALF]


def test_it_waits_for_nobody_who_stands_still_and_for_no_user_who_leaves() -> None:
    assert follow(HALF, None, DONE)[0] is False
    is_complete, events = follow(HALF, KeyboardInterrupt, DONE)
    assert not is_complete
    assert events.reconnected


def test_a_terminal_gets_one_line_drawn_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    stderr = Terminal()
    monkeypatch.setattr(sys, "stderr", stderr)
    follow(an_event(), HALF, DONE)
    drawn = stderr.getvalue()
    assert drawn.count("\r") == 3
    assert drawn.count("\n") == 1
    assert drawn.endswith(f"\r{progress_text(DONE)}\x1b[K\n")


def test_a_file_gets_a_line_for_each_tenth(capsys: pytest.CaptureFixture[str]) -> None:
    steps = [an_event(done_bytes=48_000_000 * step // 100) for step in range(0, 100, 2)]
    follow(*steps, DONE)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 11
    assert "\r" not in "".join(lines)
    assert lines[-1] == progress_text(DONE)
