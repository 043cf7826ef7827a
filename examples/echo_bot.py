"""A bot that answers: `time` with the time, anything else with what it understands.

    RESTANTE_PROFILE=bot python examples/echo_bot.py

The profile has an account of its own (`restante init --profile bot ...`); whoever may write to the
bot is its contact. What it has answered is remembered under the consumer's name, so it can be
stopped and started at any time, and each answer has a key, so none is given twice.
"""

from __future__ import annotations

import datetime

import trio

from restante.client.api import Account, open_account

CONSUMER = "echo-bot"


def answer_to(text: str) -> str:
    """Decide what to say."""
    if text.strip().lower() == "time":
        return datetime.datetime.now(datetime.UTC).strftime("It is %H:%M UTC.")
    return "I understand: time"


async def answer(account: Account) -> None:
    """Answer every text, for ever."""
    async with account.incoming(CONSUMER) as things:
        async for received in things:
            message = received.message
            if received.type == "message" and message.kind == "text":
                await account.send(
                    message.conversation,
                    answer_to(message.body),
                    reply_to=message.id,
                    idempotency_key=f"answer-{message.id}",
                )


async def main() -> None:
    """Run the bot on the profile that the environment names."""
    async with open_account() as account:
        await answer(account)


if __name__ == "__main__":
    trio.run(main)
