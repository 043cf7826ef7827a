"""What a relay has at hand of a mailbox is what its owner published last."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from restante.protocol import frames as f
from restante.protocol.frames import Lane
from restante.protocol.ids import Token, token_hash
from restante.relay.mailrooms import Mailrooms
from restante.relay.settings import Limits
from restante.store.seam import Database
from tests.relay.residents import RANDOM, a_link, registered
from tests.relay.wire import relay_at


class Interrupted:
    """A database during whose first read something else happens, just before it is answered."""

    def __init__(self, db: Database, meanwhile: Callable[[], Awaitable[None]]) -> None:
        self._db = db
        self._meanwhile: Callable[[], Awaitable[None]] | None = meanwhile

    async def read(self, work: Callable[[Any], Awaitable[Any]]) -> Any:
        """Read, then let it happen."""
        found = await self._db.read(work)
        meanwhile, self._meanwhile = self._meanwhile, None
        if meanwhile is not None:
            await meanwhile()
        return found


async def test_tokens_that_change_while_a_mailbox_is_fetched_are_the_new_ones(
    tmp_path: Path,
) -> None:
    async with relay_at(tmp_path) as relay:
        [bob] = await registered(relay.address, ["bob"])
        device = await relay.services.registry.device(bob.device.key)
        assert device is not None
        old, new = bob.tokens[0], Token(RANDOM.random(16))

        async def replace() -> None:
            async with a_link(relay.address, bob) as link:
                live = [token_hash(token) for token in (new, *bob.tokens[1:])]
                await link.ask(f.Done, lambda n: f.PublishTokens(request=n, live=live, retired=[]))
            mailrooms.forget_account(device.account)  # as the registry does with its own

        interrupted: Any = Interrupted(relay.services.db, replace)
        mailrooms = Mailrooms(interrupted, Limits())
        await mailrooms.fetch([bob.mailbox])
        mailbox = mailrooms.at_hand[bob.mailbox]
        assert mailrooms.lane_of(mailbox, new) == (Lane.CONTACT, False)
        assert mailrooms.lane_of(mailbox, old) == (Lane.REQUEST, True)
