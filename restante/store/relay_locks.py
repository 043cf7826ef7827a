"""Locks on rows, for transactions that others run at the same time on the same database.

Rule: who replaces what belongs to an account or a device locks that row first, so that of two who
do so at once the second starts from what the first has left. SQLite has one writer at a time, and
takes these for ordinary look-ups. Spec: docs/scaling.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, select

from restante.store.relay_tables import accounts, devices, payloads


def lock_account(account: int) -> Select[Any]:
    """Return the statement that locks an account until the transaction ends."""
    return (
        select(accounts.c.number)
        .where(accounts.c.number == account)
        .with_for_update(key_share=True)  # rows that refer to it are added meanwhile
    )


def lock_device(device: int) -> Select[Any]:
    """Return the statement that locks a device until the transaction ends."""
    return (
        select(devices.c.number).where(devices.c.number == device).with_for_update(key_share=True)
    )


def lock_payloads(numbers: Sequence[int]) -> Select[Any]:
    """Return the statement that locks shared payloads, in the order in which all do."""
    return (
        select(payloads.c.number)
        .where(payloads.c.number.in_(numbers))
        .order_by(payloads.c.number)
        .with_for_update()
    )
