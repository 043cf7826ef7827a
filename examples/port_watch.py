"""A bot that says when a service stops answering, and when it answers again.

    RESTANTE_GRANT_FILE=/etc/port-watch.key python examples/port_watch.py db1.example 5432

It has no profile and no account, only a capability key, made where the account is:

    restante device grant new --to ops --messages 500 --until +90d --name port-watch

Whoever steals the key can write to ops until it is revoked, and read nothing. A message that
couldn't be sent is sent again with the next look, under its own key, and is shown once.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from datetime import UTC, datetime

from restante.client.api_asyncio import Key, open_key
from restante.errors import UserError

EVERY_S = 30.0
PATIENCE_S = 10.0


async def answers(host: str, port: int) -> bool:
    """Tell whether something takes connections there."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            _, writer = await asyncio.open_connection(host, port)
    except OSError:  # a timeout is one, too
        return False
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return True


async def watch(key: Key, host: str, port: int, *, every_s: float = EVERY_S) -> None:
    """Look at a service for ever, and tell of each change; it is thought to answer at first."""
    told = True
    untold: tuple[bool, str] | None = None
    while True:
        is_up = await answers(host, port)
        if is_up == told:
            untold = None  # gone and back between two looks at the relay: nothing to tell
        elif untold is None or untold[0] != is_up:
            untold = (is_up, f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC")
        if untold is not None:
            state = "answers again" if is_up else "does not answer"
            text = f"{host}:{port} {state} ({untold[1]})"
            try:
                await key.send(text, idempotency_key=text)
                told, untold = is_up, None
            except UserError as error:
                print(error, file=sys.stderr)  # noqa: T201  (for whoever reads the log)
        await asyncio.sleep(every_s)


async def main() -> None:
    """Watch what the command line names."""
    await watch(open_key(), sys.argv[1], int(sys.argv[2]))


if __name__ == "__main__":
    asyncio.run(main())  # noqa: TID251  (a program of asyncio, with nothing of trio in it)
