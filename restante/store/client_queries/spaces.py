"""What `store/client_spaces.py` asks and changes, as Core expressions."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Integer, LargeBinary, Table, Text, bindparam, select

from restante.store.client_queries.compiling import Columns, Query
from restante.store.client_spaces import ChannelRow
from restante.store.client_tables import client_metadata

space_channels: Final = Table(
    "space_channels",
    client_metadata,
    Column("space_id", LargeBinary, nullable=False, primary_key=True),
    Column("group_id", LargeBinary, nullable=False, primary_key=True),
    Column("category", Text, nullable=False),
    Column("position", Integer, nullable=False, autoincrement=False),
    sqlite_with_rowid=False,
)
_CHANNEL = Columns(ChannelRow, space_channels)
ADD = Query(space_channels.insert(), *_CHANNEL.names)
FORGET = Query(space_channels.delete().where(space_channels.c.space_id == bindparam("which")))
CHANNELS = Query(
    select(*_CHANNEL.columns)
    .where(space_channels.c.space_id == bindparam("space_id"))
    .order_by(space_channels.c.category, space_channels.c.position, space_channels.c.group_id)
)
ONE = Query(
    select(*_CHANNEL.columns).where(
        space_channels.c.space_id == bindparam("space"),
        space_channels.c.group_id == bindparam("group"),
    )
)
