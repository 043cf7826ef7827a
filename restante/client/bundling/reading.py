"""A bundle read: each envelope that is for this device is taken in as if a relay had delivered it.

Rule: the same inbox, the same one transaction, the same list of what was dealt with: so what comes
by a file and by a relay, in whatever order, is there once. What doesn't open leaves no trace: who
carried the file may have changed it, and what was sent under that id still comes. A token that
nobody but our contacts has is what makes an envelope a contact's; without one it is a stranger's.
Spec: docs/engine.md, section 24.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

import trio

from restante.client.backing_up.desk import absolute
from restante.client.inbox import BATCH
from restante.client.interface import BundleTaken
from restante.errors import RemoteProtocolError, UserError
from restante.protocol.bundle import BundledEnvelope, BundleReader, hint_of
from restante.protocol.frames import Delivery, Lane
from restante.store.client_account import tokens

if TYPE_CHECKING:
    from pathlib import Path

    from restante.client.context import EngineContext
    from restante.client.inbox import Inbox
    from restante.client.own_account import OwnAccount

_PIECE_BYTES = 262_144


class BundleTaker:
    """Takes bundles in for one device."""

    def __init__(self, context: EngineContext, own: OwnAccount, inbox: Inbox) -> None:
        self._context = context
        self._own = own
        self._inbox = inbox

    async def take(self, path: str) -> BundleTaken:
        """Take in what is for this device. UserError: it is no bundle, can't be read. StoreError.

        A bundle that is cut off is taken in as far as it goes.
        """
        place = absolute(path)
        mailbox = self._mailbox()
        live = await self._context.read(
            lambda rows: [each.token for each in tokens(rows) if each.is_live]
        )
        reader = BundleReader()
        envelopes = _envelopes(place, reader)
        taken = known = others = unopened = 0
        while lot := await trio.to_thread.run_sync(_next, envelopes):
            nonce = b"" if reader.begins is None else reader.begins.nonce
            ours = [each for each in lot if hint_of(nonce, each.id, mailbox) == each.mailbox_hint]
            others += len(lot) - len(ours)
            found = [_delivery(each, nonce, live) for each in ours]
            opened, before = await self._inbox.take_what_opens(found)
            taken, known = taken + opened, known + before
            unopened += len(ours) - opened - before
        return BundleTaken(
            path=str(place),
            taken=taken,
            known=known,
            others=others,
            unopened=unopened,
            is_whole=reader.is_whole,
        )

    def _mailbox(self) -> bytes:
        for listed in self._own.manifest.devices:
            if listed.device_id == self._own.device_id and listed.entry.mailbox is not None:
                return listed.entry.mailbox
        raise UserError("This device has no mailbox: nothing can be for it.")


def _next(envelopes: Iterator[BundledEnvelope]) -> list[BundledEnvelope]:
    return list(islice(envelopes, BATCH))


def _envelopes(path: Path, reader: BundleReader) -> Iterator[BundledEnvelope]:
    """Yield the envelopes of a file. UserError: it is no bundle, or can't be read."""
    try:
        with path.open("rb") as file:
            while piece := file.read(_PIECE_BYTES):
                yield from reader.push(piece)
    except RemoteProtocolError:
        if reader.begins is None:
            raise UserError(f"{path} is no bundle of this version of Restante.") from None
        raise UserError(
            f"The bundle {path} is damaged. What came before the damage was taken in; ask for "
            "another copy, which can be taken in as well."
        ) from None
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise UserError(f"The bundle {path} can't be read: {reason}.") from error
    if reader.begins is None:
        raise UserError(f"{path} is no bundle.")


def _delivery(each: BundledEnvelope, nonce: bytes, live: list[bytes]) -> Delivery:
    is_contacts = any(hint_of(nonce, each.id, token) == each.token_hint for token in live)
    lane = Lane.CONTACT if is_contacts else Lane.REQUEST
    return Delivery(id=each.id, lane=int(lane), payload=each.payload)
