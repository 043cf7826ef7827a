"""Secrets that a relay makes once, and that all its processes and backups share.

Store code: functions of an open transaction. Spec: docs/relay.md, section 2.
"""

from __future__ import annotations

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from restante.store.relay_tables import relay_secrets


async def find_secret(tx: AsyncConnection, name: str) -> bytes | None:
    """Return a secret, if it has been made."""
    statement = select(relay_secrets.c.secret).where(relay_secrets.c.name == name)
    secret: bytes | None = (await tx.execute(statement)).scalar_one_or_none()
    return secret


async def put_secret(tx: AsyncConnection, name: str, secret: bytes) -> None:
    """Keep a new secret. Raises Conflict: another process was first."""
    await tx.execute(insert(relay_secrets).values(name=name, secret=secret))
