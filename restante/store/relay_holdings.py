"""All that a relay holds about one account, table by table, as texts for its owner to read.

Store code: a function of an open transaction. Rule: it goes by the schema itself, so that a table
or a column that is added later is shown without anybody thinking of it. What is long is shown by
its hash. Spec: docs/protocol/relay.md, section 14.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Table, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from restante.protocol.limits import MAX_HELD_ROWS
from restante.store.relay_tables import accounts, devices, metadata

_LONGEST_BYTES: Final = 32
_LENGTH_ONLY: Final = frozenset({("waiting", "payload")})
"""What can be megabytes: only its length is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What one table holds: how many rows, and the first of them as texts."""

    table: str
    rows: int
    columns: list[str]
    sample: list[list[str]]


async def holdings(tx: AsyncConnection, account: int) -> list[Held]:
    """Return what every table holds of an account, of its devices and of the names that it left."""
    root = select(accounts.c.account_id).where(accounts.c.number == account).scalar_subquery()
    own_names = select(accounts.c.number).where(accounts.c.account_id == root)
    own_devices = select(devices.c.number).where(devices.c.account.in_(own_names))
    found = []
    for table in metadata.sorted_tables:
        ties: list[ColumnElement[bool]] = []
        if table is accounts:
            ties.append(accounts.c.account_id == root)
        if "account" in table.c:
            ties.append(table.c.account.in_(own_names))
        if "device" in table.c:
            ties.append(table.c.device.in_(own_devices))
        if ties:
            found.append(await _held(tx, table, or_(*ties)))
    return found


async def _held(tx: AsyncConnection, table: Table, is_own: ColumnElement[bool]) -> Held:
    count = (await tx.execute(select(func.count()).select_from(table).where(is_own))).scalar_one()
    columns: list[Any] = [
        func.length(column).label(column.name)
        if (table.name, column.name) in _LENGTH_ONLY
        else column
        for column in table.c
    ]
    order = list(table.primary_key.columns)
    rows = await tx.execute(select(*columns).where(is_own).order_by(*order).limit(MAX_HELD_ROWS))
    return Held(
        table=str(table.name),  # not SQLAlchemy's own kind of text
        rows=int(count),
        columns=[str(column.name) for column in table.c],
        sample=[[_text(value) for value in row] for row in rows],
    )


def _text(value: Any) -> str:
    """Return a value as text: decimal, hexadecimal, or the hash of what is longer than one."""
    if value is None:
        return ""
    if isinstance(value, (bytes, memoryview)):
        packed = bytes(value)
        if len(packed) > _LONGEST_BYTES:
            return f"sha256:{hashlib.sha256(packed).hexdigest()}"
        return packed.hex()
    return str(value)
