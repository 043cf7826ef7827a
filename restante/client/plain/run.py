"""Where the line mode starts: `run_plain`.

Rule: a signal, the end of the lines and /quit end it in order; whatever can't be done is one
sentence. Imports no screen. Spec: docs/plain.md, section 1.
"""

from __future__ import annotations

import signal
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, tzinfo
from typing import Final

import trio

from restante.client.commands.output import write_line
from restante.client.hearing import heard
from restante.client.interface import Engine, EventStream
from restante.client.plain import command_words, plain_words
from restante.client.plain.account_commands import AccountCommands, Quitting
from restante.client.plain.chat_commands import ChatCommands
from restante.client.plain.message_commands import MessageCommands
from restante.client.plain.poll_commands import PollCommands
from restante.client.plain.space_commands import SpaceCommands
from restante.client.plain.streams import WAITING_LINES, TooLong, Voice, read_lines
from restante.client.plain.talk import CALM_S, PATIENCE_S, Talk
from restante.client.tui import words
from restante.client.tui.clean import clean_line
from restante.client.tui.key_words import COMMANDS, slash_name
from restante.errors import ExitCode, RestanteError, UserError
from restante.values import dataclass

ENDING_SIGNALS: Final = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
LAST_WORDS_S: Final = 10.0
"""How long what was typed into a pipe has to go out, when the pipe ends."""

_ACTIONS: Final = {
    **{slash_name(title): action.rpartition(".")[2] for title, _, action in COMMANDS},
    **{name: name for name, _ in command_words.LINES_ONLY},
    "history-here": "history_here",  # `history` alone is what was said before
}
"""What each command does, by its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sitting:
    """What a run depends on besides the engine."""

    descriptor: int
    is_terminal: bool
    write: Callable[[str], None] = write_line
    now: Callable[[], datetime] = lambda: datetime.now(UTC).astimezone()
    zone: tzinfo | None = None
    patience_s: float = PATIENCE_S
    calm_s: float = CALM_S


class Commands(ChatCommands, MessageCommands, PollCommands, SpaceCommands, AccountCommands):
    """Everything that can be typed."""

    async def take(self, line: str) -> None:
        """Do what a line says: a command, or a message to the open chat."""
        if not line.strip():
            return
        if line.startswith("/") and not line.startswith("//"):
            name, _, rest = line[1:].strip().partition(" ")
            await self._do(name.casefold(), rest.strip())
        else:
            await self.talk.send(line[1:] if line.startswith("//") else line)

    async def _do(self, name: str, rest: str) -> None:
        begun = [each for each in _ACTIONS if each.startswith(name)] if name else []
        if name in _ACTIONS:
            begun = [name]
        if not begun:
            raise UserError(plain_words.NO_SUCH)
        if len(begun) > 1:
            raise UserError(plain_words.could_mean(sorted(begun)))
        action = _ACTIONS[begun[0]]
        body: Callable[[str], Awaitable[None]] | None = getattr(self, "do_" + action, None)
        if body is None:
            raise UserError(command_words.ONLY_ON_SCREEN.get(action, command_words.OF_SCREEN))
        await body(rest)


async def run_plain(engine: Engine, sitting: Sitting) -> ExitCode:
    """Take lines and tell what happens until the end; return the exit code.

    Called inside trio, with an engine that runs beside it. Raises UserError: there is no account.
    BrokenPipeError, alone: nobody reads any more.
    """
    is_read = True
    code = ExitCode.OK

    def end(how: ExitCode) -> None:
        nonlocal code
        code = how
        nursery.cancel_scope.cancel()

    to, lines = trio.open_memory_channel[str | TooLong](WAITING_LINES)
    try:
        async with engine.subscribe() as events, trio.open_nursery() as nursery:
            await nursery.start(_end_on_signal, end)
            voice = Voice(sitting.write)
            talk = Talk(
                engine,
                voice,
                nursery,
                now=sitting.now,
                zone=sitting.zone,
                patience_s=sitting.patience_s,
                calm_s=sitting.calm_s,
            )
            await _greet(talk)
            nursery.start_soon(read_lines, sitting.descriptor, to)
            nursery.start_soon(_tell, events, talk)
            commands = Commands(talk, lines)
            await _take_all(commands)
            if not sitting.is_terminal:
                await engine.flush(timeout_s=LAST_WORDS_S)
            if (await engine.status()).outbox_count:
                await voice.say(plain_words.LEFT_QUEUED)
            end(ExitCode.OK)
    except* OSError:
        is_read = False
    finally:
        lines.close()
    if not is_read:
        raise BrokenPipeError
    return code


async def _greet(talk: Talk) -> None:
    if (await talk.engine.protection()).is_locked:
        await talk.say(plain_words.LOCKED)
        return
    status = await talk.engine.status()
    if status.address is None:
        raise UserError(plain_words.NO_ACCOUNT)
    await talk.reload()
    await talk.say(plain_words.greeting(clean_line(status.address)))
    await talk.say(talk.news())
    await talk.say(plain_words.HOW)


async def _tell(events: EventStream, talk: Talk) -> None:
    async for event in events:
        try:
            await talk.take(event)
        except RestanteError as error:
            await talk.say(_sentence(error))


async def _take_all(commands: Commands) -> None:
    async for line in commands.lines:
        try:
            if isinstance(line, TooLong):
                raise UserError(plain_words.TOO_LONG)
            await commands.take(line.rstrip("\r"))
        except Quitting:
            return
        except RestanteError as error:
            await commands.say(_sentence(error))


def _sentence(error: RestanteError) -> str:
    return clean_line(heard(str(error))) if isinstance(error, UserError) else words.FAILED


async def _end_on_signal(
    end: Callable[[ExitCode], None], task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
) -> None:
    with trio.open_signal_receiver(*ENDING_SIGNALS) as signals:
        task_status.started()
        async for _ in signals:
            end(ExitCode.INTERRUPTED)
