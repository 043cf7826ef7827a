"""Moving the account to another address: a new generation there, and the root key's word for it.

    1  everything is signed and kept         a crash from here on is gone on with
    2  the new relay registers               same root, same devices, same tokens
    3  the account goes by the new address   its devices follow; the old mailbox is still emptied
    4  contacts are told                     and the old relay hands the word out to who asks
To another name at the same relay it is the same, but that the mailbox stays the mailbox.
Rule: nobody is led anywhere but by the root key, so without the profile's own the kit's words are
needed. Spec: docs/engine.md, section 18; docs/protocol/identity.md, section 8.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import trio
from msgspec import Struct

from restante.client.acquaintance import is_welcome
from restante.client.backoff import unit_interval
from restante.client.changes import Changes
from restante.client.failures import RefusedError, RelayError, UnreachableError
from restante.client.lifecycle.following import MOVING
from restante.client.lifecycle.old_mailbox import note_old_mailbox
from restante.client.lifecycle.recovery_kit import root_of
from restante.client.lifecycle.telling_again import note_told
from restante.client.link import Link, open_link
from restante.client.linking.rotating import renew_code
from restante.client.own_account import load_own_account
from restante.client.publishing import ask_for_name, note_tokens_changed, register
from restante.client.queueing import control_content, enqueue_content, local_id
from restante.client.registering import read_invitation
from restante.client.socket import Route
from restante.client.syncing.self_contact import (
    is_self,
    keep_own_manifest,
    other_devices,
    self_contact,
)
from restante.crypto import own_keys, signing
from restante.crypto.keys import RootSigningKey
from restante.crypto.signatures import verify_manifest
from restante.errors import ExitCode, RemoteProtocolError, StoreError, UserError, WireCode
from restante.protocol import frames as f
from restante.protocol.codec import decode, encode
from restante.protocol.content import Kind, Moved
from restante.protocol.manifest import SignedManifest
from restante.store.client_account import (
    get_value,
    load_account,
    own_code,
    save_account,
    set_value,
)
from restante.store.client_contacts import contacts
from restante.store.client_sessions import sessions_with
from restante.store.failpoints import reach

if TYPE_CHECKING:
    from restante.client.context import EngineContext
    from restante.client.own_account import OwnAccount
    from restante.client.services import Parts, Services
    from restante.protocol.address import Address
    from restante.store.client_rows import Rows

DEVICES_PATIENCE_S: Final = 10.0
"""Devices that aren't told so find out when they connect to the old relay next."""

LINK_PATIENCE_S: Final = 20.0

_MAX_PLAN_BYTES: Final = 10_000


class _Plan(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """What was signed for a move that isn't finished."""

    account_secret: bytes
    manifest: bytes
    moved: bytes


async def move_account(
    context: EngineContext,
    nursery: trio.Nursery,
    services: Services,
    *,
    address: str,
    invite: str | None,
    words: str | None,
) -> None:
    """Take the account to another relay, or to another name. Called again, it goes on.

    UserError: the same address, not the first device, wrong words. RelayError: the new relay
    refuses or can't be reached, and then the account is where it was.
    """
    running = services.running()
    wanted, secret = read_invitation(address, invite)
    here = running.own.address
    if wanted.unpinned == here.unpinned:
        raise UserError(f"The account is at {here.unpinned} already. Name another address.")
    stays = wanted.relay.authority == here.relay.authority
    if stays:
        wanted = replace(wanted, relay=here.relay)
    plan = await context.write(lambda rows: _planned(rows, wanted, words, context=context))
    reach("moving.planned")
    there = replace(
        running.own, address=wanted, manifest=verify_manifest(_signed(plan)), is_registered=False
    )
    if stays:
        link = await _own_link(running)
        await _rename(context, services, there, link, invite=secret)
        await link.ask(f.Done, lambda n: f.PublishMoved(request=n, moved=plan.moved))
    else:
        route = Route(proxy=context.proxy, isolation="device")
        link = await open_link(nursery, wanted.relay, route=route, device=there.device)
        try:
            if link.welcome.registered:
                await _rename(context, services, there, link, invite=secret)
            await register(context, there, link, invite=secret)
        finally:
            await link.close()
    reach("moving.registered")
    changes = Changes()
    await context.write(lambda rows: _tell_devices(rows, changes, plan, context=context))
    await running.announcer.tell(changes)
    with trio.move_on_after(DEVICES_PATIENCE_S):
        await running.outbox.flush()
    changes = Changes()
    await context.write(lambda rows: _settle_in(rows, changes, plan, context=context))
    await running.announcer.tell(changes)
    await services.reload()


async def _own_link(running: Parts) -> Link:
    """Return the link that the device has: another one would fence it off."""
    running.mailbox.retry_now()
    with trio.move_on_after(LINK_PATIENCE_S):
        return await running.mailbox.link()
    raise UnreachableError(
        f"The relay {running.own.address.relay.authority} can't be reached. The account is where "
        "it was: try again later."
    )


async def _rename(
    context: EngineContext,
    services: Services,
    there: OwnAccount,
    link: Link,
    *,
    invite: bytes | None,
) -> None:
    """Register the name with a relay that has the account, unless an earlier attempt got so far.

    Raises RelayError, or UserError if the name is one that can't be had again yet.
    """
    try:
        await ask_for_name(context, there, link, invite=invite)
    except RefusedError as error:
        if error.code is not WireCode.CONFLICT or link.reason is not None:
            raise
        try:
            shown = await services.directory.newest(there.address, about_us=True)
        except RelayError as missing:
            raise error from missing
        if shown.head != there.manifest.head:
            raise UserError(
                f"{there.address.unpinned} holds another list of this account's devices, of "
                "before. Choose another name at that relay."
            ) from None


def _planned(rows: Rows, wanted: Address, words: str | None, *, context: EngineContext) -> _Plan:
    """Return what a move needs, signed and kept; what was begun for the same address before."""
    own, row = load_own_account(rows), load_account(rows)
    if own is None or row is None:
        raise StoreError("This profile has no account.")
    if row.account_secret is None:
        raise UserError("Only the account's first device can move the account. Do it there.")
    begun = get_value(rows, MOVING)
    if begun is not None:
        plan = _read(begun)
        signed_before = verify_manifest(_signed(plan))
        # A device that was revoked since then must not come back by it.
        if signed_before.address == wanted and signed_before.devices == own.manifest.devices:
            return plan
    root = _root(own, row.root_secret, words)
    now_s = context.now_s()
    generation = own_keys.recovery_generation(own.manifest.generation, now_s=now_s)
    account, signed = own_keys.new_generation(
        root,
        generation=generation,
        address=wanted,
        devices=[device.entry for device in own.manifest.devices],
        now_s=now_s,
        randomness=context.randomness,
    )
    # Later than each move before, whatever the clock says: an older one is followed by nobody.
    # And no later than its own generation: the next one may come back to the name that is left.
    moved = signing.sign_moved(root, from_address=own.address, to_address=wanted, at_s=generation)
    plan = _Plan(account_secret=account.raw, manifest=signed.to_bytes(), moved=moved.to_bytes())
    set_value(rows, MOVING, encode(plan))
    return plan


def _tell_devices(rows: Rows, changes: Changes, plan: _Plan, *, context: EngineContext) -> None:
    """Queue the move for our other devices, while the way to them is still the old relay."""
    row = self_contact(rows)
    if row is None or not other_devices(rows, row):
        return
    now_ms = context.now_ms()
    content = control_content(
        Kind.MOVED, Moved(statement=plan.moved), now_ms=now_ms, randomness=context.randomness
    )
    enqueue_content(
        rows,
        changes,
        row,
        content.to_bytes(),
        entry_id=local_id("moved", row.account_id, plan.moved),
        message_id=None,
        now_ms=now_ms,
    )


def _settle_in(rows: Rows, changes: Changes, plan: _Plan, *, context: EngineContext) -> None:
    """Go by the new address from now on, and tell everybody who writes to us."""
    own, row = load_own_account(rows), load_account(rows)
    if own is None or row is None:
        raise StoreError("This profile has no account.")
    now_ms, randomness = context.now_ms(), context.randomness
    manifest = verify_manifest(_signed(plan))
    if own.address.relay.authority != manifest.address.relay.authority:
        note_old_mailbox(
            rows,
            own.address,
            to=manifest.address,
            moved=plan.moved,
            account_secret=row.account_secret,
            head=own.manifest.head,
            now_s=now_ms // 1000,
        )
    save_account(rows, replace(row, account_secret=plan.account_secret))
    keep_own_manifest(rows, changes, manifest, now_s=now_ms // 1000)
    note_tokens_changed(rows)
    code = own_code(rows)
    if code is not None:  # who has the old one still finds us; its token stays what it was
        renew_code(rows, bucket=code.bucket, context=context)
    set_value(rows, MOVING, None)
    note_told(rows, plan.moved, now_ms=now_ms)
    body = Moved(statement=plan.moved)
    jitter_ms = context.tuning.receipt_jitter_s * 1000
    for each in contacts(rows):
        if is_self(each) or not is_welcome(each) or not sessions_with(rows, each.account_id):
            continue
        content = control_content(Kind.MOVED, body, now_ms=now_ms, randomness=randomness)
        enqueue_content(
            rows,
            changes,
            each,
            content.to_bytes(),
            entry_id=local_id("moved", each.account_id, manifest.head),
            message_id=None,
            now_ms=now_ms,
            delay_ms=int(unit_interval(randomness.random(7)) * jitter_ms),
        )


def _root(own: OwnAccount, kept: bytes | None, words: str | None) -> RootSigningKey:
    if words is None and kept is None:
        raise UserError("Moving takes the 24 words of the recovery kit: the kit was confirmed.")
    root = root_of(words) if words is not None else RootSigningKey(kept or b"")
    if signing.root_key(root) != own.root:
        raise UserError(
            "These words are another account's. Take the kit of this one.",
            exit_code=ExitCode.UNTRUSTED,
        )
    return root


def _signed(plan: _Plan) -> SignedManifest:
    return SignedManifest.from_bytes(plan.manifest)


def _read(packed: bytes) -> _Plan:
    try:
        return decode(packed, _Plan, max_bytes=_MAX_PLAN_BYTES)
    except RemoteProtocolError as error:
        raise StoreError("The profile's notes on a move are damaged.") from error
