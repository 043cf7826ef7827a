"""However it ends: the terminal is given back, nothing private is printed, the code says how."""

from __future__ import annotations

import io
import os
import pty
import signal
import termios
import tty
from collections.abc import Callable
from pathlib import Path

import pytest
import trio
import trio.testing
import trio_asyncio
from rich.console import Console
from textual.color import Color

from restante.client.interface import Event
from restante.client.tui.app import RestanteApp
from restante.client.tui.bridge import ask, host
from restante.client.tui.crash import offer_to_keep, report_of
from restante.client.tui.run import run_tui
from restante.client.tui.stage import Accounts
from restante.client.tui.terminal import kept_terminal
from restante.errors import ExitCode, UserError
from tests.tui.scripted_engine import ScriptedEngine
from tests.tui.stories import Teller, stage, tell

SECRET = "the launch code is 0000"


class Counted:
    """A hosted thing that waits until it is told to end, and counts what happens to it."""

    def __init__(self, engine: ScriptedEngine) -> None:
        self.engine = engine
        self.seen: list[Event] = []
        self.return_code: int | None = None
        self.is_running = trio.Event()
        self.when_shown: Callable[[], object] = lambda: None
        self._ended = trio.Event()

    async def run_async(self) -> None:
        await ask(self._run)

    async def _run(self) -> None:
        self.is_running.set()
        await self._ended.wait()

    def take_event(self, event: Event) -> None:
        self.seen.append(event)

    def end(self, exit_code: ExitCode) -> None:
        self.return_code = int(exit_code)
        self._ended.set()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
async def test_a_signal_ends_the_app_in_order(number: int) -> None:
    engine = ScriptedEngine()
    app = Counted(engine)
    with trio.fail_after(10):
        async with trio_asyncio.open_loop(), trio.open_nursery() as nursery:

            async def kill() -> None:
                await app.is_running.wait()
                os.kill(os.getpid(), number)

            nursery.start_soon(kill)
            assert await host(app, engine) == ExitCode.INTERRUPTED


async def test_events_arrive_in_order_from_before_the_app_reads_anything() -> None:
    engine = ScriptedEngine()
    app = Counted(engine)
    with trio.fail_after(10):
        async with trio_asyncio.open_loop(), trio.open_nursery() as nursery:

            async def speak() -> None:
                await app.is_running.wait()
                assert engine.streams, "subscribed before it runs"
                key = engine.person("bob@relay.example")
                messages = [engine.hear(key, str(number)) for number in range(20)]
                with trio.fail_after(10):
                    while len(app.seen) < 41:
                        await trio.lowlevel.checkpoint()
                added = [e.message.id for e in app.seen if hasattr(e, "message")]
                assert added == [message.id for message in messages]
                app.end(ExitCode.OK)

            nursery.start_soon(speak)
            assert await host(app, engine) == ExitCode.OK
    assert not engine.streams, "unsubscribed"


async def test_an_engine_opens_after_the_first_frame_and_if_it_can_t_the_screen_ends_first() -> (
    None
):
    engine = ScriptedEngine()
    app, began = Counted(engine), trio.Event()

    async def opening() -> None:
        began.set()
        raise UserError("The database is damaged.")

    async def show() -> None:
        await app.is_running.wait()
        await trio.testing.wait_all_tasks_blocked()
        assert not began.is_set()
        app.when_shown()

    with trio.fail_after(30):
        async with trio_asyncio.open_loop(), trio.open_nursery() as nursery:
            nursery.start_soon(show)
            with pytest.raises(UserError, match="is damaged"):
                await host(app, engine, opening)
    assert app.return_code == ExitCode.UNAVAILABLE, "it ended in order: the terminal is given back"


def test_a_terminal_is_left_as_it_was_found_whatever_happens_in_between() -> None:
    ours, theirs = pty.openpty()
    try:
        found = termios.tcgetattr(theirs)

        def interrupted() -> None:
            with kept_terminal(theirs):
                tty.setraw(theirs)
                assert termios.tcgetattr(theirs) != found
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            interrupted()
        assert termios.tcgetattr(theirs) == found
    finally:
        os.close(ours)
        os.close(theirs)


def test_a_terminal_that_is_gone_is_no_error() -> None:
    ours, theirs = pty.openpty()
    with kept_terminal(theirs):
        os.close(ours)
        os.close(theirs)


async def test_an_error_of_the_engine_comes_through_as_it_is() -> None:
    engine = ScriptedEngine()

    async def story(t: Teller) -> None:
        with pytest.raises(UserError, match="No conversation is called"):
            await ask(engine.resolve, "nobody")

    await tell(engine, story)


async def test_a_crash_reports_where_it_happened_and_not_a_single_value() -> None:
    engine = ScriptedEngine()
    printed = io.StringIO()

    class Crashing(RestanteApp):
        def take_event(self, event: Event) -> None:
            super().take_event(event)

        async def on_key(self) -> None:
            local = SECRET
            raise ValueError(f"can't stand {local}")

    async def run(app: RestanteApp) -> None:
        async with app.run_test() as pilot:
            app.error_console = Console(file=printed, width=200)
            await pilot.press("x")

    with trio.fail_after(30):
        async with trio_asyncio.open_loop():
            app = Crashing(stage(engine))
            with pytest.raises(ValueError, match="can't stand"):
                await trio_asyncio.aio_as_trio(run)(app)
    report = printed.getvalue()
    assert "test_ways_out.py" in report
    assert "ValueError" in report
    assert "on_key" in report
    assert SECRET not in report
    assert "launch" not in report
    assert "can't stand" not in report
    assert app.return_code == ExitCode.BUG


async def test_without_colour_nothing_is_coloured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    engine = ScriptedEngine()
    engine.person("bob@relay.example", "Bob")

    async def story(t: Teller) -> None:
        await t.until_shown("Bob", "● Connected")
        filters = t.app.get_line_filters()
        for line in t.app.screen._compositor.render_strips():
            for _, style, _ in line.apply_filter(filters[0], Color(0, 0, 0)):
                for colour in (style.color, style.bgcolor) if style else ():
                    if colour is not None and colour.triplet is not None:
                        assert len(set(colour.triplet)) == 1, "grey at the most"

    await tell(engine, story)


async def test_without_a_terminal_it_refuses_with_what_to_do_instead() -> None:
    with pytest.raises(UserError, match="restante send"):
        await run_tui(ScriptedEngine(), Accounts(current="default"), Path("interface.toml"))


async def test_of_a_chain_of_errors_types_and_places_alone_are_reported(tmp_path: Path) -> None:
    def first() -> None:
        raise KeyError(SECRET)

    def second() -> None:
        try:
            first()
        except KeyError as error:
            error.add_note(SECRET)
            raise ExceptionGroup(SECRET, [ValueError(SECRET)]) from error

    with pytest.raises(ExceptionGroup) as caught:
        second()
    report = report_of(caught.value)
    assert [line.strip() for line in report.split("\n") if "/" not in line] == [
        "ExceptionGroup",
        "ValueError",
        "KeyError",
    ]
    assert "launch" not in report
    assert report.count("tests/tui/test_ways_out.py:") == 4


@pytest.mark.parametrize("answer", [b"", b"n\n", b"\n", b"yesterday\n"])
async def test_nothing_is_kept_unless_somebody_says_so(tmp_path: Path, answer: bytes) -> None:
    reading, writing = os.pipe()
    os.write(writing, answer)
    os.close(writing)
    said: list[str] = []
    try:
        kept = await offer_to_keep("x", tmp_path, descriptor=reading, say=said.append)
    finally:
        os.close(reading)
    assert kept is None
    assert said[-1] == "Nothing was kept."
    assert os.listdir(tmp_path) == []
