"""Typing and presence: worth something for a moment, to whoever is there, and kept nowhere.

They go past the outbox, as ephemeral deposits. Rule: only if the user has switched it on, only to
contacts whose token we have and who answered on a live session, and never so many that a message
could get lost behind them: what isn't fetched leaves a hole in the chain, which a recipient bridges
only so far. What fails is forgotten. Spec: docs/engine.md, section 13.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

import msgspec
import trio

from restante.client.changes import Changes
from restante.client.directory import manifest_of
from restante.client.failures import RelayError
from restante.client.grammar import preferences
from restante.client.grammar.presences import STEP_S, coarse_s
from restante.client.interface import ContactState, Trust, TypingChanged
from restante.client.queueing import control_content
from restante.client.sessions import keep_sealed, sending_session
from restante.client.views import conversation_key, display_name
from restante.crypto.envelope import seal
from restante.crypto.header import Heads
from restante.errors import StoreError
from restante.protocol import frames as f
from restante.protocol.codec import decode
from restante.protocol.content import Kind, Presence, Typing
from restante.protocol.ids import ID_BYTES, Token
from restante.store.client_contacts import contact, contacts
from restante.store.client_groups import group_row, is_group, member, members

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

JOINED: Final = "joined"
"""A group's state, as `groups.ledger` says."""

REPEAT_S: Final = 4.0
"""The same is said again after so long at the earliest."""


_HEARD: Final = frozenset(
    {ContactState.ACCEPTED.value, ContactState.PENDING.value, ContactState.MEMBER.value}
)
"""Who types in a group with us: those whom we know from there alone as well."""


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

    async def typing(self, conversation: bytes, *, is_typing: bool) -> None:
        """Say that the user types in a conversation, or has stopped, if they let that be said.

        In a group only as long as a message there is sealed for each device alone.
        """
        before, said_at = self._said.get(conversation, (False, -REPEAT_S))
        now = trio.current_time()
        if before is is_typing and (not is_typing or now < said_at + REPEAT_S):
            return
        self._said[conversation] = (is_typing, now)
        if is_group(conversation):
            await self._say_in_group(conversation, Typing(is_typing=is_typing))
        else:
            await self._say(Kind.TYPING, [conversation], Typing(is_typing=is_typing))

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

    async def _say_in_group(self, group_id: bytes, body: Typing) -> None:
        """Seal for the devices of all members, in one transaction, and leave it at their relays."""
        context = self._context
        content = control_content(
            Kind.TYPING, body, now_ms=context.now_ms(), randomness=context.randomness
        )
        packed = msgspec.structs.replace(content, conversation=group_id).to_bytes()

        def work(rows: Rows) -> dict[RelayAddress, list[f.DepositItem]]:
            group = group_row(rows, group_id)
            if group is None or group.state != JOINED or group.own_role < group.may_post:
                return {}
            if not preferences.is_on(rows, preferences.TYPING):
                return {}
            ids = [each.account_id for each in members(rows, group_id)]
            found = (contact(rows, each) for each in ids if each != self._own.account_id)
            people = [row for row in found if row is not None and row.manifest is not None]
            count = sum(len(manifest_of(row).devices) for row in people)
            if count > context.tuning.most_pairwise:
                return {}
            sealed: dict[RelayAddress, list[f.DepositItem]] = {}
            for row in people:
                if _may_know(row, of_group=True):
                    relay = manifest_of(row).address.relay
                    sealed.setdefault(relay, []).extend(self._seal(rows, row, packed))
            return sealed

        for relay, items in (await context.write(work)).items():
            if items:
                await self._deposit(relay, items)

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
            TypingChanged(
                conversation=conversation_key(conversation), is_typing=is_typing, name=name
            )
            for conversation, name, is_typing in changes.typing
        )


def hear(rows: Rows, changes: Changes, who: ContactRow, content: Content) -> None:
    """Take a contact's signal in, if the user gives the same. Raises RemoteProtocolError."""
    if content.kind == Kind.TYPING:
        typing = decode(content.body, Typing)
        if preferences.is_on(rows, preferences.TYPING):
            changes.typing.append((who.account_id, display_name(who), typing.is_typing))
    elif content.kind == Kind.PRESENCE:
        presence = decode(content.body, Presence)
        if preferences.is_on(rows, preferences.PRESENCE):
            changes.presences.append((who.account_id, presence.is_online, presence.seen_at_s))


def hear_in_group(rows: Rows, changes: Changes, who: ContactRow, content: Content) -> None:
    """Take in that a member types in a group we are in, if we say so too. RemoteProtocolError."""
    typing = decode(content.body, Typing)
    group = group_row(rows, content.conversation)
    is_here = group is not None and group.state == JOINED
    if (
        is_here
        and who.state in _HEARD
        and member(rows, content.conversation, who.account_id) is not None
        and preferences.is_on(rows, preferences.TYPING)
    ):
        changes.typing.append((content.conversation, display_name(who), typing.is_typing))


def _may_know(row: ContactRow, *, of_group: bool = False) -> bool:
    return (
        row.state in (_HEARD if of_group else {ContactState.ACCEPTED.value})
        and row.trust != Trust.CHANGED.value
        and row.token is not None
    )
