"""Bringing an account back on an empty machine: words in, a higher generation out.

Rule: the words decide which account this is, the relays only where it stands: where the root key
says that it has gone, and nowhere else. The new generation is past all that is known. Repeated
after a crash it begins anew, and that is as good. The secret is used and forgotten: it is kept
nowhere. Spec: docs/engine.md, section 17.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from restante.client.failures import RefusedError, UnreachableError
from restante.client.lifecycle.kit_state import note_confirmed
from restante.client.lifecycle.recovery_kit import root_of
from restante.client.link import open_link
from restante.client.own_account import keep_new_account, mark_registered, note_recovered
from restante.client.publishing import register
from restante.client.socket import Route
from restante.crypto import own_keys, signing
from restante.errors import ExitCode, UserError, WireCode
from restante.protocol.address import Address, AddressError
from restante.protocol.ids import MailboxId
from restante.protocol.manifest import SignedMoved
from restante.store.client_account import AccountRow
from restante.store.failpoints import reach

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import trio

    from restante.client.context import EngineContext
    from restante.client.directory import Directory, Found
    from restante.client.own_account import OwnAccount
    from restante.crypto.keys import RootSigningKey
    from restante.store.client_rows import Rows


async def recover_account(
    context: EngineContext,
    nursery: trio.Nursery,
    directory: Directory,
    own: OwnAccount | None,
    *,
    address: str,
    words: str,
    stays: bool = False,
    fill: Callable[[OwnAccount], Awaitable[None]] | None = None,
) -> OwnAccount:
    """Make this profile the account's first and only device.

    `stays`: where it is, though it has moved on from there to a relay that can't be reached.
    `fill` brings a history, before anybody can write to the new device. UserError: wrong words,
    another account at the address, a profile that is in use. RelayError.
    """
    if own is not None and own.is_registered:
        raise UserError(
            f"This profile is {own.address.unpinned} already. Recover with another --profile."
        )
    root = root_of(words)
    try:
        wanted = Address.parse(address.strip())
    except AddressError as error:
        raise UserError(str(error)) from None
    found = await _found(directory, wanted, root, stays=stays)
    recovered = await context.write(
        lambda rows: _keep(rows, found, root, before=own, context=context)
    )
    reach("recovery.kept")
    if fill is not None:
        await fill(recovered)
    route = Route(proxy=context.proxy, isolation="device")
    link = await open_link(nursery, recovered.address.relay, route=route, device=recovered.device)
    try:
        await register(context, recovered, link, invite=None)
    except RefusedError as error:
        if error.code is WireCode.NAME_TAKEN:
            raise UserError(
                "The account was recovered somewhere else at this moment. If that was you, this "
                "device can be linked to it; if not, recover again."
            ) from None
        raise
    finally:
        await link.close()
    reach("recovery.registered")

    def work(rows: Rows) -> OwnAccount:
        note_confirmed(rows)
        note_recovered(rows)
        return mark_registered(rows, recovered)

    return await context.write(work)


async def _found(
    directory: Directory, address: Address, root: RootSigningKey, *, stays: bool
) -> Found:
    """Return what is shown of the account where it is now. UserError if it is another's.

    Also if where it is now isn't known, unless it `stays`: recovered where it was, it would be left
    to whoever has its devices. Asked as about ourselves: no contact's link is to carry our own
    name.
    """
    found = await directory.find(address, about_us=True)
    if found.manifest.root != signing.root_key(root):
        raise UserError(
            f"These words are another account's than the one at {address.unpinned}. Check the "
            "address on the kit.",
            exit_code=ExitCode.UNTRUSTED,
        )
    here = found.manifest.address.unpinned
    if found.pending is not None and not stays:
        there = Address.parse(SignedMoved.from_bytes(found.pending).moved().to_address)
        raise UnreachableError(
            f"The account has moved from {here} to {there.unpinned}, and that relay doesn't show "
            "it now. Nothing was changed: try again later. If that relay is gone for good: "
            f"restante recover {here} --stay. Contacts who have followed the move then stay with "
            "the devices that were there, whoever has those, until they add your new contact code."
        )
    if found.astray is not None and found.astray.at_s >= found.manifest.generation:
        there = found.astray.to_address
        raise UserError(
            f"The account has moved from {here} to {there.unpinned}, but that relay shows another "
            "account there, or an old list of its devices. Nothing was changed. If you know that "
            "it is there, recover with that address.",
            exit_code=ExitCode.UNTRUSTED,
        )
    return found


def _keep(
    rows: Rows,
    found: Found,
    root: RootSigningKey,
    *,
    before: OwnAccount | None,
    context: EngineContext,
) -> OwnAccount:
    """Make the keys of the new generation, and keep all of them but the root's."""
    randomness, now_s = context.randomness, context.now_s()
    shown = found.manifest
    known = shown.generation
    if found.pending is not None:  # a relay takes nothing older than the move that it shows
        known = max(known, SignedMoved.from_bytes(found.pending).moved().at_s)
    if before is not None and before.root == shown.root:
        known = max(known, before.manifest.generation)  # a recovery that wasn't finished
    generation = own_keys.recovery_generation(known, now_s=now_s)
    device = own_keys.generate_device(randomness)
    mailbox = MailboxId(randomness.random(16))
    account, signed = own_keys.new_generation(
        root,
        generation=generation,
        address=shown.address,
        devices=[own_keys.device_entry(device, mailbox=mailbox, now_s=now_s)],
        now_s=now_s,
        randomness=randomness,
    )
    return keep_new_account(
        rows,
        AccountRow(
            address=str(shown.address),
            root_secret=None,
            account_secret=account.raw,
            device_secret=device.signing.raw,
            identity_secret=device.identity.secret.raw,
            generation=generation,
            created_at_s=now_s,
        ),
        signed,
        device=device,
        randomness=randomness,
    )
