"""Commands about polls, as lines.

Rule: as in chat_commands.py. Spec: docs/plain.md, section 3.
"""

from __future__ import annotations

import re
from typing import Final

from restante.client.interface import Message
from restante.client.plain import plain_words
from restante.client.plain.asking import Asking
from restante.client.tui import poll_words
from restante.client.tui.poll_lines import is_over
from restante.errors import UserError

_CHOICES: Final = re.compile(r"\d{1,2}(?:[\s,]+\d{1,2})*")


class PollCommands(Asking):
    """Each is called with what stood after its name."""

    async def do_send_poll(self, rest: str) -> None:
        """Ask everybody here."""
        chat = self.chat()
        question, *answers = [each.strip() for each in rest.split("|")]
        if len(answers) < 2:
            raise UserError(plain_words.POLL_HOW)
        several = await self.confirm(plain_words.POLL_SEVERAL)
        async with self.talk.turn:
            self.talk.sent(
                await self.engine.send_poll(
                    chat.key, question=question, options=answers, multiple=several
                )
            )

    async def do_vote(self, rest: str) -> None:
        """Answer a poll."""
        message, said = await self.message(rest, self._is_open, how=plain_words.VOTE_HOW)
        if said != plain_words.VOTE_OFF and _CHOICES.fullmatch(said) is None:
            raise UserError(plain_words.VOTE_HOW)
        chosen = [int(each) for each in re.findall(r"\d+", said)]
        await self.engine.vote(message.id, chosen)
        await self.say(poll_words.VOTED if chosen else poll_words.TAKEN_BACK)

    async def do_close_poll(self, rest: str) -> None:
        """End a poll of yours."""
        message, _ = await self.message(
            rest, lambda each: each.sender.is_me and self._is_open(each)
        )
        if await self.confirm(poll_words.CLOSE_TEXT):
            await self.engine.close_poll(message.id)
            await self.say(poll_words.CLOSED)

    def _is_open(self, message: Message) -> bool:
        return message.poll is not None and not is_over(message.poll, self.talk.page)
