"""What commands are built on: the open chat, a question, and which message is meant.

Rule: a question is answered by the next line; when there are no more lines, nothing is done.
Spec: docs/plain.md, section 3.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

import trio

from restante.client.interface import Conversation, Engine, Message
from restante.client.plain import plain_words
from restante.client.plain.streams import TooLong
from restante.client.plain.talk import Talk
from restante.errors import UserError

LOOKED_THROUGH: Final = 200
"""So many of the latest messages are looked through for one that a command fits."""

_NUMBER: Final = re.compile(r"#([0-9]{1,9})(?:\s+|$)")

Lines = trio.MemoryReceiveChannel[str | TooLong]


class Asking:
    """The talk, and the lines that are typed."""

    def __init__(self, talk: Talk, lines: Lines) -> None:
        self.talk = talk
        self.lines = lines

    @property
    def engine(self) -> Engine:
        """Who does it."""
        return self.talk.engine

    async def say(self, text: str) -> None:
        """Say something."""
        await self.talk.say(text)

    async def ask(self, question: str) -> str:
        """Ask, and return the next line; empty where there is none."""
        await self.say(question)
        try:
            line = await self.lines.receive()
        except trio.EndOfChannel:
            return ""
        return "" if isinstance(line, TooLong) else line.strip()

    async def confirm(self, question: str) -> bool:
        """Ask something that is done for good."""
        answer = await self.ask(f"{question} {plain_words.YES_OR_NO}")
        return answer.casefold() in plain_words.YES

    def chat(self) -> Conversation:
        """Return the open chat. UserError: none is."""
        if (found := self.talk.open) is None:
            raise UserError(plain_words.NONE_OPEN)
        return found

    async def message(
        self, rest: str, fits: Callable[[Message], bool], *, how: str = ""
    ) -> tuple[Message, str]:
        """Return the message that is meant, and what was said besides.

        `#12` means the one that had that number, else the latest that fits. `how` is said if
        nothing was said besides, where something must be. Raises UserError.
        """
        key, rest = self.chat().key, rest.strip()
        if (found := _NUMBER.match(rest)) is not None:
            rest = rest[found.end() :].strip()
            meant = self.talk.numbers.get(int(found[1]))
            if meant is None:
                raise UserError(plain_words.no_such_number(found[0].strip()))
            message = await self.engine.message(meant)
            if not fits(message):
                raise UserError(plain_words.NOT_THAT_ONE)
        else:
            message = await self._latest(key, fits)
        if how and not rest:
            raise UserError(how)
        return message, rest

    async def _latest(self, key: str, fits: Callable[[Message], bool]) -> Message:
        count = self.chat().message_count
        start = max(0, count - LOOKED_THROUGH)
        found = await self.engine.messages(key, start=start, count=LOOKED_THROUGH)
        for message in reversed(found):
            if fits(message):
                return message
        raise UserError(plain_words.NO_MESSAGE)
