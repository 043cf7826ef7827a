"""The interface on this terminal, with an engine that breaks when a chat is opened: for a test."""

from __future__ import annotations

import sys
from pathlib import Path

import trio
from trio_asyncio import open_loop

from restante.client.interface import Message
from restante.client.tui.run import run_tui
from restante.client.tui.stage import Accounts
from tests.tui.scripted_engine import ScriptedEngine


class BreakingEngine(ScriptedEngine):
    """Breaks as no engine may: with an error that nobody expects."""

    async def messages(self, conversation: str, *, start: int, count: int) -> list[Message]:
        raise ZeroDivisionError("the launch code is 0000")


async def main() -> int:
    """Show it until it ends; return its exit code."""
    engine = BreakingEngine()
    engine.hear(engine.person("bob@relay.example", "Bob"), "hello")
    async with open_loop():
        code, _ = await run_tui(
            engine, Accounts(current="default"), Path(sys.argv[1]) / "interface.toml"
        )
    return code


if __name__ == "__main__":
    sys.exit(trio.run(main))
