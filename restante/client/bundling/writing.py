"""A bundle written: what waits in the outbox, sealed now and copied into a file.

Rule: what is sealed here is what is sent later, under the same id, so that whoever gets it both
ways has it once; nothing leaves the outbox for it. Who has no session yet can't be written to
without a relay, and is named. Spec: docs/engine.md, section 24.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import trio

from restante.client.backing_up.desk import absolute
from restante.client.changes import Changes
from restante.client.clock import rfc3339
from restante.client.groups.fanning_out import prepare
from restante.client.groups.known import check_conversation
from restante.client.history import parse_content
from restante.client.interface import BundleMade
from restante.client.named import conversation_of
from restante.client.new_file import new_file
from restante.client.sealing import Goal, Ready, Sealer
from restante.client.views import display_name
from restante.errors import UserError
from restante.protocol.bundle import (
    BUNDLE_VERSION,
    MAGIC,
    MAX_ENVELOPES,
    BundleBegins,
    BundledEnvelope,
    BundleEnds,
    hint_of,
    pack_bundle_item,
)
from restante.protocol.ids import ID_BYTES
from restante.store.client_contacts import contact
from restante.store.client_groups import is_group
from restante.store.client_outbox import outbox_entries

if TYPE_CHECKING:
    from restante.client.announcer import Announcer
    from restante.client.context import EngineContext
    from restante.client.own_account import OwnAccount
    from restante.client.receipts import Receipts
    from restante.crypto.randomness import Randomness
    from restante.store.client_outbox import OutboxRow
    from restante.store.client_rows import Rows

AT_ONCE = 64
"""Entries sealed in one transaction."""


class BundleWriter:
    """Writes bundles for one account."""

    def __init__(
        self,
        context: EngineContext,
        own: OwnAccount,
        *,
        receipts: Receipts,
        announcer: Announcer,
    ) -> None:
        self._context = context
        self._own = own
        self._receipts = receipts
        self._announcer = announcer

    async def write(self, path: str, conversation: str | None) -> BundleMade:
        """Seal what waits, for everybody, a contact or a group, and write it to a new file.

        UserError: the file is there or can't be written; there is nothing to write.
        """
        place = absolute(path)
        whom = None if conversation is None else conversation_of(conversation)
        await self._receipts.flush()  # what was received is owed to who can't be reached either
        # First what is sealed once for a large group: who lacks the key to it is sent that, too.
        at_once = await self._seal_at_once(await self._context.read(partial(self._large, whom)))
        entries = await self._context.read(partial(self._waiting, whom))
        ready: list[Ready] = []
        lacking: dict[str, None] = {}
        for start in range(0, len(entries), AT_ONCE):
            some, without = await self._seal(entries[start : start + AT_ONCE])
            ready += some
            lacking |= dict.fromkeys(without)
        ready += _only_for(whom, at_once)  # after the keys that open it
        if not ready:
            raise UserError(
                "Nothing waits that could be written: "
                + (
                    f"there is no session with {', '.join(lacking)} yet, which takes a relay once."
                    if lacking
                    else "all was sent already."
                )
            )
        now_s = self._context.now_s()
        ready = _as_many_as_fit(ready)
        await trio.to_thread.run_sync(_write, place, ready, now_s, self._context.randomness)
        messages = {each.entry.message_id for each in ready if each.entry.message_id is not None}
        return BundleMade(
            path=str(place),
            made_at=rfc3339(now_s * 1000),
            envelopes=_envelopes(ready),
            messages=len(messages),
            without_session=list(lacking),
        )

    def _waiting(self, whom: bytes | None, rows: Rows) -> list[tuple[bytes, bytes]]:
        """Return accounts and entries: of others, in their order; own devices have a network."""
        if whom is not None:
            check_conversation(rows, whom)
        return [
            (entry.account_id, entry.id)
            for entry in outbox_entries(rows)
            if entry.account_id != self._own.account_id
            and not is_group(entry.account_id)
            and (whom in {None, entry.account_id} or _is_of(entry, whom))
            and entry.next_attempt_ms is not None  # else it waits to be accepted
        ]

    def _large(self, whom: bytes | None, rows: Rows) -> list[tuple[bytes, bytes]]:
        """Return groups and entries of what is sealed once for all of a large group."""
        return [
            (entry.account_id, entry.id)
            for entry in outbox_entries(rows)
            if is_group(entry.account_id)
            and (whom in {None, entry.account_id} or not is_group(whom or b""))
            and entry.next_attempt_ms is not None
        ]

    async def _seal_at_once(self, entries: Sequence[tuple[bytes, bytes]]) -> list[Ready]:
        changes = Changes()
        wanted = {entry for _, entry in entries}

        def work(rows: Rows) -> list[Ready]:
            found = [each for each in outbox_entries(rows) if each.id in wanted]
            return prepare(
                rows,
                changes,
                self._own,
                found,
                randomness=self._context.randomness,
                now_ms=self._context.now_ms(),
            )

        ready = await self._context.write(work) if entries else []
        await self._announcer.tell(changes)
        return ready

    async def _seal(self, entries: Sequence[tuple[bytes, bytes]]) -> tuple[list[Ready], list[str]]:
        sealer = Sealer(
            own=self._own,
            randomness=self._context.randomness,
            bundles={},
            now_ms=self._context.now_ms(),
        )
        wanted = {entry for _, entry in entries}
        changes = Changes()

        def work(rows: Rows) -> tuple[list[Ready], list[str]]:
            ready: list[Ready] = []
            lacking: list[str] = []
            found = [each for each in outbox_entries(rows) if each.id in wanted]
            for account_id in dict.fromkeys(each.account_id for each in found):
                of_account = [each for each in found if each.account_id == account_id]
                batch = sealer.seal_all(rows, changes, account_id, of_account)
                ready += batch.ready
                row = contact(rows, account_id)
                if batch.lacking and row is not None:
                    lacking.append(display_name(row))
            return ready, lacking

        sealed = await self._context.write(work)
        await self._announcer.tell(changes)
        return sealed


def _only_for(whom: bytes | None, ready: Sequence[Ready]) -> list[Ready]:
    """Leave only one contact's mailboxes, if it is for one alone."""
    if whom is None or is_group(whom):
        return list(ready)
    of_contact = [
        replace(each, goals=tuple(goal for goal in each.goals if goal.account_id == whom))
        for each in ready
    ]
    return [each for each in of_contact if each.goals]


def _is_of(entry: OutboxRow, conversation: bytes | None) -> bool:
    """Whether an entry is of a group: what is said in it, or a part of its log."""
    content = parse_content(entry.content)
    return content is not None and content.conversation == conversation


def _write(path: Path, ready: Sequence[Ready], now_s: int, randomness: Randomness) -> None:
    nonce = randomness.random(ID_BYTES)
    with new_file(path, "The bundle") as file:
        file.write(MAGIC)
        begins = BundleBegins(version=BUNDLE_VERSION, nonce=nonce, made_at_s=now_s)
        file.write(pack_bundle_item(begins))
        for each in ready:
            for goal in each.goals:  # of a group's, one payload is for many mailboxes
                file.write(pack_bundle_item(_bundled(each, goal, nonce, randomness)))
        file.write(pack_bundle_item(BundleEnds(envelopes=_envelopes(ready))))


def _envelopes(ready: Sequence[Ready]) -> int:
    return sum(len(each.goals) for each in ready)


def _as_many_as_fit(ready: Sequence[Ready]) -> list[Ready]:
    fitting: list[Ready] = []
    left = MAX_ENVELOPES
    for each in ready:
        left -= len(each.goals)
        if left < 0:
            break
        fitting.append(each)
    return fitting


def _bundled(each: Ready, goal: Goal, nonce: bytes, randomness: Randomness) -> BundledEnvelope:
    envelope_id = each.entry.envelope_id or b""
    token_hint = (
        randomness.random(ID_BYTES)
        if goal.token is None
        else hint_of(nonce, envelope_id, goal.token)
    )
    return BundledEnvelope(
        id=envelope_id,
        mailbox_hint=hint_of(nonce, envelope_id, goal.mailbox),
        token_hint=token_hint,
        payload=each.entry.payload or b"",
    )
