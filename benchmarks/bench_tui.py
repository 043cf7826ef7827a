"""The interface: first paint, memory, keys, keys while 100 messages a second arrive, scrolling, and
what it costs while nothing happens, with a million messages and with a thousand, headless inside
trio as in earnest.

The engine behind it answers from memory, so that the figures are the interface's own; those of the
real one's database are in bench_client_store.py, those of a start with all that belongs to it in
bench_tui_start.py. Each row is taken in a process of its own; a start by turns with an empty
Textual app, since figures of different runs don't compare, and how often the floor they are does.
"""

# ruff: noqa: SLF001  # a benchmark looks inside to know when a frame is done
from __future__ import annotations

import gc
import json
import os
import resource
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from restante.client.interface import Engine
    from tests.tui.scripted_engine import ScriptedEngine
    from tests.tui.stories import Teller

Row = dict[str, object]

LARGE, SMALL = 1_000_000, 1_000
SIZES = ((80, 24), (160, 48))
KEYS = 200
TURNS = 9
ARRIVALS_S = 100
"""Messages a second that arrive in the open conversation."""
KEYS_S = 20
IDLE_S = 5.0
DRAG_STEPS = 400
ROOT = Path(__file__).resolve().parent.parent


def run() -> Iterator[Row]:
    """Yield the rows, each scene in a fresh process."""
    yield from _starts()
    for scene in [each for each in SCENES if each not in {"floor", "paint"}]:
        for count in (LARGE, SMALL):
            yield from _apart(scene, count)


def _starts() -> Iterator[Row]:
    """The scenes of a start by turns: the medians, and how often the floor they are."""
    taken: dict[str, list[Row]] = defaultdict(list)
    for _ in range(TURNS):
        for scene, count in (("floor", 0), ("paint", LARGE), ("paint", SMALL)):
            for row in _apart(scene, count):
                taken[str(row["bench"])].append(row)

    def middle(bench: str) -> float:
        return median(float(cast("float", row["value"])) for row in taken[bench])

    for bench, rows in taken.items():
        yield {**rows[0], "value": round(middle(bench), 2)}
    for count in (LARGE, SMALL):
        for kind in ("start", "start_cpu"):
            how = f"the medians of {TURNS} starts by turns: of ours to that of an empty app"
            ratio = middle(f"tui.{kind}.{count}") / middle(f"tui.{kind}.0")
            yield _row(f"{kind}_ratio", count, ratio, "x", how)


def _apart(scene: str, count: int) -> Iterator[Row]:
    command = [sys.executable, "-m", "benchmarks.bench_tui", scene, str(count)]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "TEXTUAL_ANIMATIONS": "none"},
        check=True,
        capture_output=True,
        text=True,
        timeout=300,
    )
    for line in done.stdout.splitlines():
        yield json.loads(line)


def _percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def _rss_mib() -> float:
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
    except OSError:  # macOS has no /proc: the greatest so far, in bytes
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def _row(bench: str, count: int, value: float, unit: str, how: str) -> Row:
    return {"bench": f"tui.{bench}.{count}", "value": round(value, 2), "unit": unit, "how": how}


def _engine(count: int) -> ScriptedEngine:
    """One person, with whom so many messages were exchanged."""
    from tests.tui.scripted_engine import ScriptedEngine

    engine = ScriptedEngine(address="sam@relay.example")
    key = engine.person("bob@relay.example", "Bob")
    _lengthen(engine, key, count)
    return engine


def _lengthen(engine: ScriptedEngine, key: str, count: int) -> None:
    from tests.tui.long_history import LongHistory

    person = engine.people[key]
    person.messages = LongHistory(
        count, conversation=key, them=engine._them(person), me=engine._me()
    )


async def _tell(
    count: int, story: Callable[[Teller], Awaitable[None]], *, engine: ScriptedEngine | None = None
) -> None:
    from tests.tui.stories import tell

    engine = _engine(count) if engine is None else engine
    shown = cast("Engine", engine)  # as much of it as a screen asks for
    await tell(shown, story, size=(160, 48), deadline_s=240)


def _floor(count: int) -> Iterator[Row]:
    """What Textual takes by itself: an empty app, headless as ours."""
    used, began = time.process_time(), time.perf_counter()
    from textual.app import App, ComposeResult
    from textual.widgets import Static

    rows: list[Row] = []

    class Empty(App[None]):
        def compose(self) -> ComposeResult:
            yield Static("ready")

        def on_mount(self) -> None:
            self.call_after_refresh(self._shown)

        def _shown(self) -> None:
            rows.extend(_start_rows(count, began, used, "an empty Textual app to its frame"))
            self.exit()

    Empty().run(headless=True, size=(160, 48))
    yield from rows


def _start_rows(count: int, began: float, used: float, what: str) -> list[Row]:
    wall_ms, used_ms = (time.perf_counter() - began) * 1e3, (time.process_time() - used) * 1e3
    return [
        _row("start", count, wall_ms, "ms", what),
        _row("start_cpu", count, used_ms, "ms", f"{what}, of the processor"),
    ]


def _paint(count: int) -> Iterator[Row]:
    """From the start of the process's own imports to the open conversation on screen."""
    import trio

    gc.disable()  # as the command does
    used, began = time.process_time(), time.perf_counter()
    import restante.client.tui.run  # noqa: F401  # the import is what is timed

    imported = time.perf_counter()
    rows: list[Row] = []

    async def story(t: Teller) -> None:
        while "Bob" not in t.screen_text():
            await _turn()
        shown = time.perf_counter()
        rows.extend(_start_rows(count, began, used, "import and first paint, to the chats"))
        before = _rss_mib()
        t.app._main.open_conversation(next(iter(t.app._chats.every())).key)
        await _settled(t, count)
        opened = time.perf_counter()
        rows.extend(
            [
                _row("import", count, (imported - began) * 1e3, "ms", "import of the interface"),
                _row(
                    "first_paint",
                    count,
                    (shown - imported) * 1e3,
                    "ms",
                    "imports done, to the chats on screen, 160x48",
                ),
                _row(
                    "open",
                    count,
                    (opened - shown) * 1e3,
                    "ms",
                    f"a conversation of {count} messages, asked for to its end on screen",
                ),
                _row("rss", count, _rss_mib(), "MiB", "of the process, conversation open"),
                _row("rss_of_history", count, _rss_mib() - before, "MiB", "growth by opening it"),
            ]
        )

    trio.run(_tell, count, story)
    yield from rows


def _keys(count: int) -> Iterator[Row]:
    """A key in the box to its letter on screen, while nothing else happens."""
    import trio

    times: list[float] = []

    async def story(t: Teller) -> None:
        from textual import events

        await t.until_shown("Bob")
        t.app._main.open_conversation(next(iter(t.app._chats.every())).key)
        await _settled(t, count)
        box = t.app._main.pane.box
        box.focus()
        await t.pilot.pause()
        for number in range(KEYS):
            letter = "abcdefghij"[number % 10]
            was = len(box.text)
            began = time.perf_counter()
            t.app.post_message(events.Key(letter, letter))
            while len(box.text) == was or t.app.screen._dirty_widgets:
                await _turn()
            times.append((time.perf_counter() - began) * 1e3)

    trio.run(_tell, count, story)
    how = f"{KEYS} keys in the box, pressed to painted, 160x48"
    yield _row("key_p50", count, _percentile(times, 0.5), "ms", how)
    yield _row("key_p95", count, _percentile(times, 0.95), "ms", how)


class _Arrivals:
    """Messages that arrive at the end of a conversation, so many a second."""

    def __init__(self, engine: ScriptedEngine, count: int) -> None:
        import trio

        self._engine, self._first = engine, count
        self.key = next(iter(engine.people))
        self.count = 0
        self.may_come = trio.Event()

    async def run(self) -> None:
        """Go on until cancelled, once they may come."""
        import trio

        await self.may_come.wait()
        began = trio.current_time()
        while True:
            await trio.sleep_until(began + (self.count + 1) / ARRIVALS_S)
            self._arrive()

    def _arrive(self) -> None:
        from msgspec.structs import replace

        from restante.client.interface import ConversationChanged, MessageAdded

        engine = self._engine
        self.count += 1
        _lengthen(engine, self.key, self._first + self.count)
        person = engine.people[self.key]
        position = len(person.messages) - 1
        engine.tell(MessageAdded(message=replace(person.messages[-1], position=position)))
        engine.tell(ConversationChanged(conversation=engine._conversation(person)))


def _busy(count: int) -> Iterator[Row]:
    """The same while messages arrive in the open conversation."""
    import trio

    times: list[float] = []
    behind: list[int] = []
    used: list[float] = []
    engine = _engine(count)
    arrivals = _Arrivals(engine, count)

    async def story(t: Teller) -> None:
        from textual import events

        await t.until_shown("Bob")
        t.app._main.open_conversation(arrivals.key)
        await _settled(t, count)
        box, screen = t.app._main.pane.box, t.app.screen
        box.focus()
        arrivals.may_come.set()
        await t.until(lambda: arrivals.count > ARRIVALS_S // 2)
        cpu_s, first_s = time.process_time(), time.perf_counter()
        for number in range(KEYS):
            letter = "abcdefghij"[number % 10]
            was = len(box.text)
            began = time.perf_counter()
            t.app.post_message(events.Key(letter, letter))
            while len(box.text) == was or box in screen._dirty_widgets:
                await _turn()
            times.append((time.perf_counter() - began) * 1e3)
            await t.pilot.pause(max(0.0, 1 / KEYS_S - (time.perf_counter() - began)))
        wall_s = time.perf_counter() - first_s
        used.append(100 * (time.process_time() - cpu_s) / wall_s)
        behind.append(count + arrivals.count - t.app._main.pane.messages.count)

    async def run() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(arrivals.run)
            await _tell(count, story, engine=engine)
            nursery.cancel_scope.cancel()

    trio.run(run)
    how = (
        f"{KEYS} keys, {KEYS_S} a second, while {ARRIVALS_S} messages a second arrive in the open "
        "conversation; pressed to painted, 160x48"
    )
    yield _row("busy_key_p50", count, _percentile(times, 0.5), "ms", how)
    yield _row("busy_key_p95", count, _percentile(times, 0.95), "ms", how)
    yield _row("busy_cpu", count, used[0], "%", "processor time of all of that")
    how = "messages not shown yet, of those that had arrived when the last key was painted"
    yield _row("busy_behind", count, behind[0], "messages", how)


def _idle(count: int) -> Iterator[Row]:
    """Processor time while a conversation is open and nothing happens."""
    import trio

    shares: list[float] = []

    async def story(t: Teller) -> None:
        await t.until_shown("Bob")
        t.app._main.open_conversation(next(iter(t.app._chats.every())).key)
        await _settled(t, count)
        await t.pilot.pause(1.0)
        used, began = time.process_time(), time.perf_counter()
        await t.pilot.pause(IDLE_S)
        shares.append((time.process_time() - used) / (time.perf_counter() - began) * 100)

    trio.run(_tell, count, story)
    how = f"processor time of {IDLE_S:.0f} s with a conversation open and nothing to do"
    yield _row("idle_cpu", count, shares[0], "%", how)


def _drag(count: int) -> Iterator[Row]:
    """Dragging the scrollbar from the end to the beginning: each step to its frame."""
    import trio

    times: list[float] = []
    rests: list[float] = []

    async def story(t: Teller) -> None:
        await t.until_shown("Bob")
        t.app._main.open_conversation(next(iter(t.app._chats.every())).key)
        await _settled(t, count)
        view = t.app._main.pane.messages
        height = view.max_scroll_y
        for step in range(1, DRAG_STEPS + 1):
            began = time.perf_counter()
            view.scroll_to(y=height * (1 - step / DRAG_STEPS), animate=False, force=True)
            while True:
                await _turn()
                if not t.app.screen._dirty_widgets and not t.app.screen._layout_required:
                    break
            times.append((time.perf_counter() - began) * 1e3)
            while view._lacking() is not None or t.app.screen._dirty_widgets:
                await _turn()
            rests.append((time.perf_counter() - began) * 1e3)

    trio.run(_tell, count, story)
    how = f"{DRAG_STEPS} steps of the scrollbar over all messages, to the frame, 160x48"
    yield _row("drag_p50", count, _percentile(times, 0.5), "ms", how)
    yield _row("drag_p95", count, _percentile(times, 0.95), "ms", how)
    how = f"{DRAG_STEPS} steps of the scrollbar, to the messages read, laid out and painted"
    yield _row("rest_p95", count, _percentile(rests, 0.95), "ms", how)


async def _settled(t: Teller, count: int) -> None:
    """Wait until the open conversation is read, laid out and painted."""
    view, screen = t.app._main.pane.messages, t.app.screen
    while (
        view.count != count
        or view._lacking() is not None
        or not view._view_rows
        or screen._dirty_widgets
        or screen._layout_required
    ):
        await _turn()


async def _turn() -> None:
    """One turn of the loop."""
    from restante.client.tui.bridge import breathe

    await breathe()


SCENES: dict[str, Callable[[int], Iterator[Row]]] = {
    "floor": _floor,
    "paint": _paint,
    "keys": _keys,
    "busy": _busy,
    "idle": _idle,
    "drag": _drag,
}


if __name__ == "__main__":
    for row in SCENES[sys.argv[1]](int(sys.argv[2])):
        print(json.dumps(row))
