"""A second real engine of somebody's account, made without linking.

The first device signs the next manifest, and the second one's database is written as if it had been
linked: keys, manifest, tokens, contact code, contacts, records and counters. It has no history, and
no session with anybody. `world.online(name)` then runs it like any other engine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from restante.client.changes import Changes
from restante.client.clock import SystemClock
from restante.client.engine import DATABASE_FILE
from restante.client.publishing import note_manifest_changed
from restante.client.syncing.self_contact import (
    current_account,
    is_self,
    keep_own_manifest,
    own_device,
)
from restante.crypto import own_keys
from restante.crypto.keys import AccountSigningKey
from restante.crypto.randomness import SystemRandomness
from restante.crypto.signatures import VerifiedManifest, verify_manifest
from restante.protocol.ids import MailboxId
from restante.store import client_account, client_contacts, client_records
from restante.store import client_transfer_rows as history
from restante.store.client_account import AccountRow
from restante.store.client_conversations import own_counter
from restante.store.client_database import open_client_database
from restante.store.client_rows import Rows
from restante.store.sqlcipher import DatabaseKey
from tests.client.world import World, key_of

if TYPE_CHECKING:
    from restante.client.engine import LocalEngine
    from restante.crypto.own_keys import DeviceSecrets

RANDOM = SystemRandomness()


async def a_second_device(world: World, engine: LocalEngine, name: str) -> None:
    """Make the profile `name` another device of the account that `engine` runs.

    Returns when the relay knows it. Call it again for a third one; `engine` is always the first.
    """
    now_s = SystemClock().now_ms() // 1000
    device = own_keys.generate_device(RANDOM)
    signed = await sign_with(engine, device, now_s=now_s)
    # Not all is sent now: nobody can write to the new device before it has published its keys.
    await engine._services.waiting_with(lambda now: now.mailbox.published())
    copied = await engine._context.read(copy_of)

    def write(rows: Rows) -> None:
        paste(rows, copied, signed, device, now_s=now_s)

    path = world.profile(name) / DATABASE_FILE
    async with open_client_database(path, DatabaseKey(key_of(name))) as database:
        await database.write_raw(lambda connection: write(Rows(connection)))


async def sign_with(
    engine: LocalEngine, device: DeviceSecrets | None, *, without: bytes | None = None, now_s: int
) -> VerifiedManifest:
    """Have an account's first device sign and keep a manifest: one device more, or one less."""

    def sign(rows: Rows, changes: Changes) -> VerifiedManifest:
        row = client_account.load_account(rows)
        own = current_account(rows, now_s=now_s)
        assert row is not None
        assert row.account_secret is not None
        assert own is not None
        devices = [listed.entry for listed in own.manifest.devices if listed.device_id != without]
        if device is not None:
            mailbox = MailboxId(RANDOM.random(16))
            devices.append(own_keys.device_entry(device, mailbox=mailbox, now_s=now_s))
        key = AccountSigningKey(row.account_secret)
        signed = verify_manifest(
            own_keys.next_manifest(key, own.manifest, devices=devices, now_s=now_s)
        )
        keep_own_manifest(rows, changes, signed, now_s=now_s)
        note_manifest_changed(rows)
        return signed

    signed = await engine._context.write(lambda rows: sign(rows, Changes()))
    await engine.reload()
    return signed


class Copy:
    """What a linked device is given of the first one's database."""

    def __init__(self, rows: Rows) -> None:
        row = client_account.load_account(rows)
        assert row is not None
        self.account = row
        self.tokens = client_account.tokens(rows)
        self.code = client_account.own_code(rows)
        self.contacts = [each for each in client_contacts.contacts(rows) if not is_self(each)]
        self.records = client_records.records(rows)
        self.counters = {key: _counters(rows, key) for key in history.conversation_keys(rows)}


def _counters(rows: Rows, conversation: bytes) -> dict[bytes, int]:
    known = dict(history.highest_counters(rows, conversation))
    return {**known, own_device(rows): own_counter(rows, conversation)}


def copy_of(rows: Rows) -> Copy:
    return Copy(rows)


def paste(
    rows: Rows, copied: Copy, signed: VerifiedManifest, device: DeviceSecrets, *, now_s: int
) -> None:
    """Write a new device's database."""
    client_account.save_account(
        rows,
        AccountRow(
            address=copied.account.address,
            root_secret=None,
            account_secret=None,
            device_secret=device.signing.raw,
            identity_secret=device.identity.secret.raw,
            generation=signed.generation,
            created_at_s=now_s,
        ),
    )
    client_account.set_value(rows, "manifest", signed.signed.to_bytes())
    client_account.set_value(rows, "is_registered", b"\x01")
    client_account.save_tokens(rows, copied.tokens)
    if copied.code is not None:
        client_account.save_code(rows, copied.code)
    for row in copied.contacts:
        client_contacts.upsert_contact(rows, row)
    for record in copied.records:
        client_records.put_record(rows, record)
    for conversation, counters in copied.counters.items():
        for device_id, highest in counters.items():
            history.merge_counters(rows, conversation, device_id, highest=highest, missing=[])
