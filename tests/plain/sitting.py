"""Somebody at the lines: what is typed goes through a real pipe, what is told is kept.

Rule: nothing is slept for; `until` waits for what must be told.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import trio

from restante.client.plain.run import Sitting, run_plain
from restante.errors import ExitCode
from tests.tui.scripted_engine import ScriptedEngine
from tests.tui.scripted_parts import NOW

PATIENCE_S = 30


class Sitter:
    """What a story has in its hands."""

    def __init__(self, writing: int) -> None:
        self.told: list[str] = []
        self.code: ExitCode | None = None
        self.ended = trio.Event()
        self._writing = writing
        self._is_open = True
        self._more = trio.Event()
        self._token = trio.lowlevel.current_trio_token()
        self._seen = 0

    def take(self, text: str) -> None:
        """Be told something; called in a thread, as a terminal is written to."""
        self.told.append(text)
        self._token.run_sync_soon(self._wake)

    def _wake(self) -> None:
        self._more.set()
        self._more = trio.Event()

    def type(self, *lines: str) -> None:
        """Type lines."""
        os.write(self._writing, "".join(line + "\n" for line in lines).encode())

    def type_bytes(self, data: bytes) -> None:
        """Type anything."""
        os.write(self._writing, data)

    def end(self) -> None:
        """Type no more."""
        if self._is_open:
            self._is_open = False
            os.close(self._writing)

    async def until(self, text: str) -> str:
        """Wait for a line that holds a text, past the last one waited for; return it."""
        with trio.move_on_after(PATIENCE_S):
            while True:
                for at in range(self._seen, len(self.told)):
                    if text in self.told[at]:
                        self._seen = at + 1
                        return self.told[at]
                await self._more.wait()
        raise AssertionError(f"never told: {text}\n" + "\n".join(self.told))

    async def until_so(self, is_so: Callable[[], bool], engine: ScriptedEngine) -> None:
        """Wait until something is so in the engine, which says when anything changes."""
        with trio.fail_after(PATIENCE_S):
            async with engine.subscribe() as events:
                while not is_so():
                    await anext(events)


Story = Callable[[Sitter], Awaitable[None]]


async def sit(
    engine: ScriptedEngine,
    story: Story,
    *,
    now: Callable[[], datetime] = lambda: NOW,
    write: Callable[[str], None] | None = None,
    is_terminal: bool = True,
    patience_s: float = 0.01,
    calm_s: float = 0.01,
) -> Sitter:
    """Have somebody sit at an engine while a story happens, then let the lines end."""
    reading, writing = os.pipe()
    sitter = Sitter(writing)
    sitting = Sitting(
        descriptor=reading,
        is_terminal=is_terminal,
        write=write or sitter.take,
        now=now,
        zone=UTC,
        patience_s=patience_s,
        calm_s=calm_s,
    )

    async def run() -> None:
        sitter.code = await run_plain(engine, sitting)
        sitter.ended.set()

    try:
        with trio.fail_after(2 * PATIENCE_S):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(run)
                await story(sitter)
                sitter.end()
    finally:
        sitter.end()
        os.close(reading)
    return sitter


def alices() -> tuple[ScriptedEngine, str]:
    """An engine whose user knows Alice, and the key of the conversation with her."""
    engine = ScriptedEngine(address="sam@relay.example")
    return engine, engine.person("alice@relay.example", "Alice")
