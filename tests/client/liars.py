"""Members of groups, and others, who say what no honest engine would."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec

from restante.client.changes import Changes
from restante.client.groups import ledger as ledgers
from restante.client.queueing import control_content, enqueue_content
from restante.crypto.signing import sign_group_entry
from restante.protocol.codec import encode
from restante.protocol.content import Content, Kind, Text
from restante.protocol.group import EntryBody, Role, act
from restante.store import client_groups as store
from restante.store.client_contacts import contact
from restante.store.client_messages import message

if TYPE_CHECKING:
    from restante.client.engine import LocalEngine
    from restante.protocol.group import SignedEntry


def forged(
    engine: LocalEngine, rows: Any, key: str, *acts: Any, author: bytes | None = None, **more: Any
) -> SignedEntry:
    """Sign an entry with the keys of whoever runs this engine, whatever it says."""
    own = engine._services.running().own
    ledger = ledgers.load(rows, bytes.fromhex(key))
    mine = [n.sequence for n in ledger.nodes.values() if n.device == own.device_id]
    body = EntryBody(
        version=1,
        group=bytes.fromhex(key),
        parents=list(ledger.log.heads),
        author=author or own.account_id,
        device=own.device_id,
        manifest=own.manifest.head,
        sequence=1 + max(mine, default=0),
        at_ms=engine._context.now_ms(),
        acts=[act(each) for each in acts],
    )
    body = msgspec.structs.replace(body, **more)
    return sign_group_entry(own.device.signing, body)


async def tells(engine: LocalEngine, key: str, whom: str, kind: Kind, body: Any) -> None:
    """Let an engine send what no honest one would, in a group's name."""
    context, changes = engine._context, Changes()

    def work(rows: Any) -> None:
        row = contact(rows, bytes.fromhex(whom))
        assert row is not None
        now_ms, randomness = context.now_ms(), context.randomness
        content = control_content(kind, body, now_ms=now_ms, randomness=randomness)
        content = msgspec.structs.replace(content, conversation=bytes.fromhex(key))
        enqueue_content(
            rows,
            changes,
            row,
            content.to_bytes(),
            entry_id=content.id,
            message_id=None,
            now_ms=now_ms,
        )

    await context.write(work)
    await engine._services.tell(changes)


def rejoin(rows: Any, group_id: bytes) -> None:
    """Make a removed member's own device believe that nothing has happened."""
    row = store.group_row(rows, group_id)
    assert row is not None
    store.put_group(rows, replace(row, state=ledgers.JOINED, own_role=int(Role.MEMBER)))


def forged_text(rows: Any, message_id: str, text: str) -> bytes:
    """A copy of somebody's message, with other words."""
    row = message(rows, bytes.fromhex(message_id))
    assert row is not None
    body = encode(Text(text=text, quote=None, mentions=[]))
    return msgspec.structs.replace(
        Content.from_bytes(row.body), id=bytes(15) + b"x", body=body
    ).to_bytes()


async def tells_all(engine: LocalEngine, key: str, entry: SignedEntry) -> None:
    """Let an engine send an entry to the group's other members, and to itself."""
    from restante.client.groups.settling import settle
    from restante.protocol.group import GroupLog

    own, changes = engine._services.running().own, Changes()
    manifests = [own.manifest.signed.to_bytes()]

    def work(rows: Any) -> list[str]:
        ledger = ledgers.load(rows, bytes.fromhex(key))
        taken = ledgers.take_entries(rows, ledger, [entry], manifests)
        settle(rows, changes, own, ledger, taken.nodes, now_ms=engine._context.now_ms())
        found = store.members(rows, bytes.fromhex(key))
        return [each.account_id.hex() for each in found if each.account_id != own.account_id]

    others = await engine._context.write(work)
    for each in others:
        log = GroupLog(entries=[entry], manifests=manifests, tokens=[])
        await tells(engine, key, each, Kind.GROUP_LOG, log)
    await engine._services.tell(changes)
