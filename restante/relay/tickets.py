"""Return tickets: what lets an account back in at a relay whose backup is older than the account.

Rule: a ticket is one account's under one name, opens no other and expires never; it tells the quota
that the account had of its own. Only a relay that has the same secret makes or takes it, and the
secret is in every backup. Nobody needs one who is known. Spec: docs/protocol/relay.md, section 9.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from restante.protocol.ids import ID_BYTES, AccountId, AccountName, labelled
from restante.store.errors import Conflict
from restante.store.relay_secrets import find_secret, put_secret

if TYPE_CHECKING:
    from restante.store.database import Database

SECRET_BYTES: Final = 32

_NAME: Final = "tickets"

_QUOTA_BYTES: Final = 7
"""Any quota that an invite gives; the nine bytes that are left are more than anybody guesses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """Who comes back by a ticket has this quota of its own; None: as the settings say."""

    quota_bytes: int | None


class Tickets:
    """Makes and takes them, by a relay's secret."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def of(self, account: AccountId, name: AccountName, *, quota_bytes: int | None) -> bytes:
        """Return an account's, 16 B.

        HMAC-SHA256("return-ticket" 00 || account id 16 || name); of one with its own quota that
        quota, u56, and 9 B of HMAC-SHA256("quota-ticket" 00 || account id 16 || quota || name).
        """
        if quota_bytes is None:
            return self._authenticated(labelled("return-ticket", account, name.encode()))
        quota = quota_bytes.to_bytes(_QUOTA_BYTES, "big")
        said = labelled("quota-ticket", account, quota + name.encode())
        return (quota + self._authenticated(said))[:ID_BYTES]

    def _authenticated(self, said: bytes) -> bytes:
        return hmac.digest(self._secret, said, hashlib.sha256)[:ID_BYTES]

    def admitted(self, ticket: bytes, account: AccountId, name: AccountName) -> Admitted | None:
        """Return what that account comes back with by it; None: it isn't that account's."""
        for quota_bytes in (None, int.from_bytes(ticket[:_QUOTA_BYTES], "big")):
            if hmac.compare_digest(ticket, self.of(account, name, quota_bytes=quota_bytes)):
                return Admitted(quota_bytes=quota_bytes)
        return None


async def open_tickets(db: Database) -> Tickets:
    """Return a relay's tickets; the first process that starts makes the secret."""
    secret = await db.read(lambda tx: find_secret(tx, _NAME))
    while secret is None:
        made = os.urandom(SECRET_BYTES)
        with suppress(Conflict):  # another process was first
            await db.write(partial(put_secret, name=_NAME, secret=made))
        secret = await db.read(lambda tx: find_secret(tx, _NAME))
    return Tickets(secret)
