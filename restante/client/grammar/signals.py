"""Typing and presence: worth something for a moment, to whoever is there, and kept nowhere.

They go past the outbox, as ephemeral deposits. Rule: only if the user has switched it on, only to
contacts whose token we have and who answered on a live session, and never so many that a message
could get lost behind them: what isn't fetched leaves a hole in the chain, which a recipient bridges
only so far. What fails is forgotten. Spec: docs/engine.md, section 13.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

import trio

from restante.client.changes import Changes
from restante.client.directory import manifest_of
from restante.client.failures import RelayError
from restante.client.grammar import preferences
from restante.client.grammar.presences import STEP_S, coarse_s
from restante.client.interface import ContactState, Trust, TypingChanged
from restante.client.queueing import control_content
from restante.client.sessions import keep_sealed, sending_session
from restante.client.views import conversation_key
from restante.crypto.envelope import seal
from restante.crypto.header import Heads
from restante.errors import StoreError
from restante.protocol import frames as f
from restante.protocol.codec import decode
from restante.protocol.content import Kind, Presence, Typing
from restante.protocol.ids import ID_BYTES, Token
from restante.store.client_contacts import contact, contacts

if TYPE_CHECKING:
    from restante.client.announcer import Announcer
    from restante.client.context import EngineContext
    from restante.client.links import AnonymousLinks
    from restante.client.own_account import OwnAccount
    from restante.protocol.address import RelayAddress
    from restante.protocol.content import Content
    from restante.store.client_contacts import ContactRow
    from restante.store.client_rows import Rows

MAX_UNANSWERED: Final = 32
"""Messages since the other side's last turn past which no signal is sent: half of the window in
which lookup tags are expected (`LOOKUP_WINDOW`), so that a message after them is always found."""

PATIENCE_S: Final = 5.0
"""A signal that takes longer says something that isn't true any more."""

REPEAT_S: Final = 4.0
"""The same is said again after so long at the earliest."""


class Signals:
    """The service, and what the user's own typing does."""

    def __init__(
        self,
        context: EngineContext,
        own: OwnAccount,
        announcer: Announcer,
        *,
        links: AnonymousLinks,
    ) -> None:
        self._context = context
        self._own = own
        self._links = links
        self._said: dict[bytes, tuple[bool, float]] = {}
        announcer.also_tell(self._look_in)

    async def typing(self, account_id: bytes, *, is_typing: bool) -> None:
        """Say that the user types to somebody, or has stopped, if the user lets that be said."""
        before, said_at = self._said.get(account_id, (False, -REPEAT_S))
        now = trio.current_time()
        if before is is_typing and (not is_typing or now < said_at + REPEAT_S):
            return
        self._said[account_id] = (is_typing, now)
        await self._say(Kind.TYPING, [account_id], Typing(is_typing=is_typing))

    async def run(self) -> None:
        """Say every five minutes that we are there, to everybody who may know; for ever."""
        while True:
            with contextlib.suppress(StoreError):
                await self.say_present()
            # Not on the stroke of the clock: that would set one's own signals apart.
            await trio.sleep(STEP_S * (0.8 + 0.2 * self._context.chance()))

    async def say_present(self) -> None:
        """Say now that the user is there, if the user lets that be said. Raises StoreError."""
        people = await self._context.read(self._audience)
        seen_at_s = coarse_s(self._context.now_s())
        await self._say(Kind.PRESENCE, people, Presence(is_online=True, seen_at_s=seen_at_s))

    def _audience(self, rows: Rows) -> list[bytes]:
        if not preferences.is_on(rows, preferences.PRESENCE):
            return []
        return [row.account_id for row in contacts(rows) if _may_know(row)]

    async def _say(self, kind: Kind, people: list[bytes], body: Typing | Presence) -> None:
        """Seal for everybody's devices, and leave it with those who are there."""
        setting = preferences.TYPING if kind is Kind.TYPING else preferences.PRESENCE
        context = self._context
        for account_id in people:
            content = control_content(
                kind, body, now_ms=context.now_ms(), randomness=context.randomness
            )

            def work(
                rows: Rows, whom: bytes = account_id, content: Content = content
            ) -> tuple[RelayAddress, list[f.DepositItem]] | None:
                row = contact(rows, whom)
                if row is None or not _may_know(row) or not preferences.is_on(rows, setting):
                    return None
                return manifest_of(row).address.relay, self._seal(rows, row, content.to_bytes())

            sealed = await context.write(work)
            if sealed is not None and sealed[1]:
                await self._deposit(*sealed)

    def _seal(self, rows: Rows, row: ContactRow, packed: bytes) -> list[f.DepositItem]:
        context = self._context
        manifest = manifest_of(row)
        token = None if row.token is None else Token(row.token)
        items = []
        for device in manifest.devices:
            session = sending_session(rows, device.device_id)
            if (
                device.entry.mailbox is None
                or session is None
                or not session.is_confirmed
                or session.ratchet.sending.number >= MAX_UNANSWERED
            ):
                continue
            heads = Heads(sender=self._own.manifest.head, recipient=manifest.head)
            sealed = seal(session, packed, heads=heads, randomness=context.randomness)
            keep_sealed(rows, sealed.session, now_ms=context.now_ms(), is_new=False)
            items.append(
                f.DepositItem(
                    id=context.randomness.random(ID_BYTES),
                    ttl_s=0,
                    ephemeral=True,
                    payload=sealed.envelope,
                    targets=[f.Target(mailbox=device.entry.mailbox, token=token)],
                )
            )
        return items

    async def _deposit(self, relay: RelayAddress, items: list[f.DepositItem]) -> None:
        with trio.move_on_after(PATIENCE_S), contextlib.suppress(RelayError):
            async with self._links.use(relay) as link:
                await link.ask(
                    f.Deposited, lambda n: f.Deposit(request=n, is_retry=False, items=items)
                )

    def _look_in(self, changes: Changes) -> None:
        """Note who is there, and tell whoever watches who is typing."""
        for account_id, is_online, seen_at_s in changes.presences:
            self._context.presences.note(
                account_id, is_online=is_online, seen_at_s=seen_at_s, now_s=self._context.now_s()
            )
        self._context.hub.publish(
            TypingChanged(conversation=conversation_key(account_id), is_typing=is_typing)
            for account_id, is_typing in changes.typing
        )


def hear(rows: Rows, changes: Changes, account_id: bytes, content: Content) -> None:
    """Take a contact's signal in, if the user gives the same. Raises RemoteProtocolError."""
    if content.kind == Kind.TYPING:
        typing = decode(content.body, Typing)
        if preferences.is_on(rows, preferences.TYPING):
            changes.typing.append((account_id, typing.is_typing))
    elif content.kind == Kind.PRESENCE:
        presence = decode(content.body, Presence)
        if preferences.is_on(rows, preferences.PRESENCE):
            changes.presences.append((account_id, presence.is_online, presence.seen_at_s))


def _may_know(row: ContactRow) -> bool:
    return (
        row.state == ContactState.ACCEPTED.value
        and row.trust != Trust.CHANGED.value
        and row.token is not None
    )
