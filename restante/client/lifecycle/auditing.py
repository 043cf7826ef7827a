"""What the relay says it holds of this account, beside what it should hold.

Rule: the relay's word is shown as it came, made safe for a terminal; what differs from what this
device knows, and what no version of ours knows, is said in a sentence. It finds a relay that keeps
more than it should and says so, or that has lost something; against one that lies it proves
nothing. Spec: docs/engine.md, section 18; docs/protocol/relay.md, section 14.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

import trio

from restante.client.failures import UnreachableError
from restante.client.interface import Audit, AuditTable
from restante.protocol import frames as f
from restante.protocol.ids import Token, token_hash
from restante.protocol.limits import MAX_HELD_ROWS
from restante.protocol.text import printable
from restante.store import client_account

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from restante.client.context import EngineContext
    from restante.client.own_account import OwnAccount
    from restante.client.services import Parts
    from restante.store.client_rows import Rows

PATIENCE_S: Final = 20.0

KNOWN: Final[Mapping[str, frozenset[str]]] = {
    "accounts": frozenset(
        {
            *("number", "name", "authority", "account_id", "generation", "sequence", "head"),
            *("heartbeat", "moved", "quota_bytes", "is_blocked", "is_awaited", "seen_day"),
        }
    ),
    "manifests": frozenset({"account", "sequence", "manifest"}),
    "devices": frozenset({"number", "account", "signing_key", "device_id", "mailbox"}),
    "tokens": frozenset({"account", "hash", "is_live"}),
    "prekeys": frozenset({"device", "kind", "id", "expires_at_s", "prekey"}),
    "wakes": frozenset({"device", "endpoint"}),
    "codes": frozenset({"number", "account", "lookup_id", "sealed"}),
    "blobs": frozenset({"id", "account", "size_bytes", "received_bytes", "expires_hour"}),
    "waiting": frozenset(
        {"seq", "device", "size_bytes", "expires_hour", "lane", "id", "shared", "payload"}
    ),
}
"""Every table and column that docs/relay.md, section 2 names and that is about an account."""


async def audit(context: EngineContext, running: Parts) -> Audit:
    """Ask the relay what it holds of the account, and compare. Raises RelayError."""
    own = running.own
    with trio.move_on_after(PATIENCE_S) as patience:
        # What it should hold is known when what we have to publish is published.
        await running.mailbox.published()
        link = await running.mailbox.link()
    if patience.cancelled_caught:
        raise UnreachableError(
            f"The relay {own.address.relay.authority} can't be reached. Try again later."
        )
    found = await link.ask(f.Holdings, lambda n: f.FetchHoldings(request=n))
    expected = await context.read(_expected)
    tables = {held.table: held for held in found.tables}
    findings = [
        *_unknown(found.tables),
        *_of_account(tables.get("accounts"), own),
        *_of_manifest(tables.get("manifests"), own),
        *_of_devices(tables.get("devices"), own),
        *_of_secrets(tables.get("tokens"), tables.get("codes"), *expected),
    ]
    return Audit(
        address=own.address.unpinned,
        tables=[
            AuditTable(
                table=_line(held.table),
                rows=held.rows,
                columns=[_line(column) for column in held.columns],
                sample=[[_line(text) for text in row] for row in held.sample],
            )
            for held in found.tables
        ],
        findings=findings,
    )


def _expected(rows: Rows) -> tuple[set[str], set[str], str | None]:
    """Return the hashes of our live and our retired tokens, and our code's look-up id."""
    listed = client_account.tokens(rows)
    live = {token_hash(Token(row.token)).hex() for row in listed if row.is_live}
    retired = {token_hash(Token(row.token)).hex() for row in listed if not row.is_live}
    code = client_account.own_code(rows)
    return live, retired, None if code is None else code.lookup_id.hex()


def _unknown(tables: Sequence[f.HeldTable]) -> list[str]:
    found = []
    for held in tables:
        name = _line(held.table)
        if held.table not in KNOWN:
            found.append(f"It keeps a table {name!r} of which this version knows nothing.")
            continue
        strange = [_line(column) for column in held.columns if column not in KNOWN[held.table]]
        if strange:
            found.append(
                f"In {name} it keeps {', '.join(strange)}, which this version doesn't know."
            )
    return found


def _records(held: f.HeldTable | None) -> list[dict[str, str]]:
    if held is None:
        return []
    return [dict(zip(held.columns, row, strict=False)) for row in held.sample]


def _of_account(held: f.HeldTable | None, own: OwnAccount) -> list[str]:
    mine = [row for row in _records(held) if row.get("name") == own.address.name]
    if len(mine) != 1:
        return ["It has no account of this name, or more than one."]
    expected = {
        "account_id": own.account_id.hex(),
        "generation": str(own.manifest.generation),
        "sequence": str(own.manifest.sequence),
        "head": own.manifest.head.hex(),
    }
    wrong = [name for name, value in expected.items() if mine[0].get(name) != value]
    return [f"Its {', '.join(wrong)} of the account is another than this device's."] * bool(wrong)


def _of_manifest(held: f.HeldTable | None, own: OwnAccount) -> list[str]:
    newest = f"sha256:{hashlib.sha256(own.manifest.signed.to_bytes()).hexdigest()}"
    if held is not None and held.rows > MAX_HELD_ROWS:
        return []  # a long chain: the head above says as much
    if newest in {row.get("manifest") for row in _records(held)}:
        return []
    return ["It doesn't have the account's newest list of devices."]


def _of_devices(held: f.HeldTable | None, own: OwnAccount) -> list[str]:
    listed = {
        (each.key.raw.hex(), "" if each.entry.mailbox is None else each.entry.mailbox.hex())
        for each in own.manifest.devices
    }
    kept = {(row.get("signing_key", ""), row.get("mailbox", "")) for row in _records(held)}
    found = []
    if extra := len(kept - listed):
        found.append(f"It keeps {extra} devices that are not the account's.")
    if lost := len(listed - kept):
        found.append(f"It lacks {lost} of the account's devices, or has another mailbox for them.")
    return found


def _of_secrets(
    tokens: f.HeldTable | None,
    codes: f.HeldTable | None,
    live: set[str],
    retired: set[str],
    lookup_id: str | None,
) -> list[str]:
    kept = _records(tokens)
    kept_live = {row.get("hash", "") for row in kept if row.get("is_live") == "1"}
    kept_retired = {row.get("hash", "") for row in kept if row.get("is_live") != "1"}
    found = []
    if tokens is not None and tokens.rows <= MAX_HELD_ROWS and kept_live != live:
        found.append("The delivery tokens that it takes are not the ones that this device gives.")
    if kept_retired - retired:
        found.append("It keeps retired delivery tokens that this device never had.")
    if lookup_id is not None and lookup_id not in {row.get("lookup_id") for row in _records(codes)}:
        found.append("It doesn't have the account's contact code.")
    return found


def _line(text: str) -> str:
    return printable(text, multiline=False)
