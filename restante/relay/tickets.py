"""Return tickets: what lets an account back in at a relay whose backup is older than the account.

Rule: a ticket is one account's under one name, opens no other and expires never; only a relay that
has the same secret makes or takes it, and the secret is in every backup. Nobody needs one who is
known. Spec: docs/protocol/relay.md, section 9.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Final

from restante.protocol.ids import ID_BYTES, AccountId, AccountName, labelled
from restante.store.errors import Conflict
from restante.store.relay_secrets import find_secret, put_secret

if TYPE_CHECKING:
    from restante.store.database import Database

SECRET_BYTES: Final = 32

_NAME: Final = "tickets"


class Tickets:
    """Makes and takes them, by a relay's secret."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def of(self, account: AccountId, name: AccountName) -> bytes:
        """Return an account's: HMAC-SHA256("return-ticket" 00 || account id 16 || name), 16 B."""
        said = labelled("return-ticket", account, name.encode())
        return hmac.digest(self._secret, said, hashlib.sha256)[:ID_BYTES]

    def admits(self, ticket: bytes, account: AccountId, name: AccountName) -> bool:
        """Whether it is that account's."""
        return hmac.compare_digest(ticket, self.of(account, name))


async def open_tickets(db: Database) -> Tickets:
    """Return a relay's tickets; the first process that starts makes the secret."""
    secret = await db.read(lambda tx: find_secret(tx, _NAME))
    while secret is None:
        made = os.urandom(SECRET_BYTES)
        with suppress(Conflict):  # another process was first
            await db.write(partial(put_secret, name=_NAME, secret=made))
        secret = await db.read(lambda tx: find_secret(tx, _NAME))
    return Tickets(secret)
