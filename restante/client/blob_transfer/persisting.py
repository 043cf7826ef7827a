"""Going on with a transfer however often its link is lost.

Rule: what has come further since the last failure was no failure: the pauses begin anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import trio

from restante.client.failures import RelayError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from restante.client.blob_transfer.pace import Pace
    from restante.client.context import EngineContext


async def persist(
    context: EngineContext,
    pace: Pace,
    attempt: Callable[[Callable[[int], None]], Awaitable[None]],
    *,
    is_final: Callable[[RelayError], bool],
    told: Callable[[int], None],
    troubled: Callable[[RelayError | None], None],
) -> None:
    """Make attempts, with pauses between, until one ends.

    An attempt gets a function to call with how many bytes there are now; it calls `told`, and
    `troubled` with None. `troubled` is called with each failure. Raises a failure that is final,
    and whatever else than RelayError an attempt raises.
    """
    attempts, before = 0, 0
    while True:
        reached = before

        def note(reached_bytes: int) -> None:
            nonlocal reached
            reached = reached_bytes
            told(reached_bytes)
            troubled(None)

        try:
            await attempt(note)
        except RelayError as error:
            if is_final(error):
                raise
            attempts = 1 if reached > before else attempts + 1
            before = reached
            pace.failed(error)
            troubled(error)
            pause_s = context.backoff_s(attempts, at_least_s=error.retry_after_s)
        else:
            return
        await trio.sleep(pause_s)
