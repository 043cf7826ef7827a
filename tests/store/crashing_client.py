"""A program that files messages until it is killed: at a named point of the n-th pass, or from
outside. It prints the number of each transaction once that is committed.

    python -m tests.store.crashing_client FOLDER POINT PASS
"""

from __future__ import annotations

import os
import random
import signal
import sys
from pathlib import Path

import trio

from restante.store import (
    client_conversations,
    client_feed,
    client_inbox,
    client_messages,
    client_outbox,
    client_sessions,
)
from restante.store.client_rows import Rows
from restante.store.failpoints import observe, reach
from tests.store.made_rows import BOB, PHONE, made_entry, made_message, made_session
from tests.store.profiles import profile

SESSION = b"s" * 16
POINTS = ("begun", "message", "session", "settled", "committed")
NEVER = "never"


def take_in(rows: Rows, number: int) -> None:
    """Do what an arriving envelope does to a profile, in one transaction."""
    reach("begun")
    row = made_message(random.Random(number), rank=number, counter=number)
    client_messages.insert_message(rows, row)
    client_feed.append_feed(rows, "message", row.id, at_ms=number)
    reach("message")
    stepped = made_session(SESSION, state=b"%d" % number)
    client_sessions.save_session(
        rows, stepped, [number.to_bytes(16, "big")], [(number - 1).to_bytes(16, "big")]
    )
    reach("session")
    client_conversations.note_counter(rows, BOB, PHONE, number)
    client_conversations.set_clock(rows, BOB, number)
    client_inbox.mark_processed(rows, number.to_bytes(16, "big"), number)
    client_inbox.queue_receipt(rows, BOB, row.id, 1)
    client_outbox.enqueue(rows, made_entry(number.to_bytes(16, "big")))
    reach("settled")


async def main(folder: Path) -> None:
    """Go on with the first number that isn't committed yet."""
    async with profile(folder) as db:
        number = await db.read(client_conversations.clock, BOB)
        while True:
            number += 1
            await db.write(take_in, number)
            sys.stdout.write(f"{number}\n")
            sys.stdout.flush()
            reach("committed")


if __name__ == "__main__":
    point, passes = sys.argv[2], int(sys.argv[3])

    def die(reached: str) -> None:
        """Kill this process as a power cut would, at the chosen pass of the chosen point."""
        global passes  # noqa: PLW0603  # a program of one page
        if reached == point:
            passes -= 1
            if passes == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    observe(die)
    trio.run(main, Path(sys.argv[1]))
