"""Leaving: contacts are told, the relay erases the account, and the profile is emptied.

    1  the relay can be reached               else nothing happens
    2  goodbyes are queued, and sent          as far as they go in a while
    3  the relay erases, and keeps the name   on a signature of the account key; first each relay
                                              that the account has left and that still keeps it
    4  every table here is emptied
Rule: repeated after a crash it goes on: a relay that doesn't know the device any more has erased
it.
A contact who left stays in the list, marked; whoever takes the address is somebody else.
Spec: docs/engine.md, section 18; docs/protocol/relay.md, R41 and R42.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import trio

from restante.client.changes import Changes
from restante.client.giving_up import give_up
from restante.client.interface import AccountDeleted, ContactState
from restante.client.lifecycle.old_mailbox import erase_old_places
from restante.client.link import open_link
from restante.client.notices import file_notice
from restante.client.queueing import control_content, enqueue_content, local_id
from restante.client.sessions import end_unlisted
from restante.client.socket import Route
from restante.client.syncing.self_contact import is_self, other_devices
from restante.crypto import signing
from restante.crypto.keys import AccountSigningKey
from restante.errors import UserError
from restante.protocol import frames as f
from restante.protocol.address import Address, AddressError
from restante.protocol.content import Kind
from restante.store import client_outbox
from restante.store.client_account import load_account
from restante.store.client_contacts import contacts, upsert_contact
from restante.store.client_erasing import erase_everything
from restante.store.client_sessions import sessions_with
from restante.store.failpoints import reach

if TYPE_CHECKING:
    from restante.client.context import EngineContext
    from restante.client.own_account import OwnAccount
    from restante.client.services import Services
    from restante.store.client_contacts import ContactRow
    from restante.store.client_rows import Rows

GOODBYE_PATIENCE_S: Final = 20.0
"""Contacts whose relay can't be reached find out when they write next."""

RELAY_PATIENCE_S: Final = 20.0

_FAREWELL: Final = frozenset({ContactState.ACCEPTED.value, ContactState.PENDING.value})


async def delete_account(
    context: EngineContext, nursery: trio.Nursery, services: Services, *, address: str
) -> AccountDeleted:
    """Delete the account at its relay, and everything in this profile.

    On a device that is none of the account's any more, the profile alone. UserError: another
    address than the account's, not the first device. RelayError: nothing was erased.
    """
    running = services.reading()
    own = running.own
    _check_address(own, address)
    told, untold = 0, 0
    unerased: list[str] = []
    if own.is_listed:
        await _see_relay(context, nursery, own)
        changes = Changes()
        goodbyes = await context.write(lambda rows: _queue_goodbyes(rows, changes, context))
        await running.announcer.tell(changes)
        with trio.move_on_after(GOODBYE_PATIENCE_S):
            await running.outbox.flush()
        untold = await context.read(lambda rows: _left_in_outbox(rows, goodbyes))
        told = len(goodbyes) - untold
        reach("leaving.told")
        unerased = await erase_old_places(context, nursery, own.device)
        await _erase_at_relay(context, nursery, own)
        reach("leaving.erased")
    await services.end()
    await erase_everything(context.database)
    await services.reload()
    return AccountDeleted(address=own.address.unpinned, told=told, untold=untold, unerased=unerased)


def note_left(rows: Rows, changes: Changes, row: ContactRow, *, now_ms: int) -> None:
    """A contact says that the account was deleted: nothing more is sent there."""
    if row.state not in _FAREWELL:
        return
    row = replace(row, state=ContactState.LEFT.value)
    upsert_contact(rows, row)
    for entry in client_outbox.by_account(rows, row.account_id):
        give_up(rows, changes, entry, left_because(row), now_ms=now_ms)
    end_unlisted(rows, row.account_id, [])
    file_notice(
        rows,
        changes,
        row,
        f"{row.address} has deleted this account. What was said stays here. Should anybody write "
        "from that address again, it is somebody else, or a new account: compare safety numbers.",
        entry_id=local_id("notice", row.account_id, b"left"),
        now_ms=now_ms,
    )


def left_because(row: ContactRow) -> str:
    """Say why nothing can be sent to a contact who left."""
    return f"{row.address} has deleted this account, and nothing can be sent to it any more."


def _check_address(own: OwnAccount, address: str) -> None:
    try:
        named = Address.parse(address.strip())
    except AddressError as error:
        raise UserError(str(error)) from None
    if named.unpinned != own.address.unpinned:
        raise UserError(
            f"This profile is {own.address.unpinned}. Name that address to delete the account."
        )


async def _see_relay(context: EngineContext, nursery: trio.Nursery, own: OwnAccount) -> None:
    """Make sure that the account can be deleted here and now, before anybody is told."""
    await context.read(_account_key)
    with trio.fail_after(RELAY_PATIENCE_S):
        link = await open_link(
            nursery,
            own.address.relay,
            route=Route(proxy=context.proxy, isolation="look"),
            device=None,
        )
        await link.close()


async def _erase_at_relay(context: EngineContext, nursery: trio.Nursery, own: OwnAccount) -> None:
    key = await context.read(_account_key)
    route = Route(proxy=context.proxy, isolation="device")
    link = await open_link(nursery, own.address.relay, route=route, device=own.device)
    try:
        if link.welcome.registered:
            signature = signing.sign_deletion(key, own.manifest.head)
            await link.ask(f.Done, lambda n: f.DeleteAccount(request=n, signature=signature))
    finally:
        await link.close()


def _account_key(rows: Rows) -> AccountSigningKey:
    row = load_account(rows)
    if row is None or row.account_secret is None:
        raise UserError(
            "Only the account's first device can delete the account. Do it there; to leave with "
            "this device alone, have it revoked there."
        )
    return AccountSigningKey(row.account_secret)


def _queue_goodbyes(rows: Rows, changes: Changes, context: EngineContext) -> list[bytes]:
    """Queue a word of farewell to everybody with whom something was said, and to own devices.

    Returns the entries for contacts.
    """
    now_ms = context.now_ms()
    queued: list[bytes] = []
    for row in contacts(rows):
        is_known = row.state in _FAREWELL and sessions_with(rows, row.account_id)
        if not is_known and not (is_self(row) and other_devices(rows, row)):
            continue
        content = control_content(Kind.LEFT, None, now_ms=now_ms, randomness=context.randomness)
        entry_id = local_id("goodbye", row.account_id)
        enqueue_content(
            rows,
            changes,
            row,
            content.to_bytes(),
            entry_id=entry_id,
            message_id=None,
            now_ms=now_ms,
        )
        if is_known:
            queued.append(entry_id)
    return queued


def _left_in_outbox(rows: Rows, goodbyes: list[bytes]) -> int:
    return sum(client_outbox.outbox_entry(rows, each) is not None for each in goodbyes)
