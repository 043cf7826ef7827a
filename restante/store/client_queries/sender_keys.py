"""What `store/client_sender_keys.py` asks and changes, as Core expressions."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import (
    Column,
    Index,
    Integer,
    LargeBinary,
    Table,
    bindparam,
    exists,
    func,
    or_,
    select,
)
from sqlalchemy.dialects.sqlite import insert as upsert

from restante.store.client_queries.compiling import Columns, Query
from restante.store.client_queries.groups import group_members, group_states
from restante.store.client_sender_keys import ChainRow
from restante.store.client_tables import client_metadata


def _blob(name: str, **more: Any) -> Column[Any]:
    return Column(name, LargeBinary, **{"nullable": False, **more})


group_chains: Final = Table(
    "group_chains",
    client_metadata,
    _blob("chain", primary_key=True),
    _blob("group_id"),
    _blob("account_id"),
    _blob("device_id"),
    Column("is_own", Integer, nullable=False),
    Column("number", Integer, nullable=False),
    Column("made_at_ms", Integer, nullable=False),
    _blob("secret"),
    Index("group_chains_by_device", "group_id", "device_id"),
    sqlite_with_rowid=False,
)
group_chain_tags: Final = Table(
    "group_chain_tags",
    client_metadata,
    _blob("tag", primary_key=True),
    _blob("chain"),
    Column("number", Integer, nullable=False),
    Index("group_chain_tags_by_chain", "chain"),
    sqlite_with_rowid=False,
)
group_chain_holders: Final = Table(
    "group_chain_holders",
    client_metadata,
    _blob("chain", primary_key=True),
    _blob("device_id", primary_key=True),
    sqlite_with_rowid=False,
)
_CHAIN = Columns(ChainRow, group_chains)
_put = upsert(group_chains)
PUT = Query(
    _put.on_conflict_do_update(
        index_elements=[group_chains.c.chain],
        set_={"number": _put.excluded.number, "secret": _put.excluded.secret},
    ),
    *_CHAIN.names,
)
ONE = Query(select(*_CHAIN.columns).where(group_chains.c.chain == bindparam("chain")))
OF = Query(
    select(*_CHAIN.columns)
    .where(
        group_chains.c.group_id == bindparam("group_id"),
        group_chains.c.device_id == bindparam("device_id"),
    )
    .order_by(group_chains.c.made_at_ms.desc(), group_chains.c.chain)
)
COUNT = Query(
    select(func.count())
    .select_from(group_chains)
    .where(group_chains.c.account_id == bindparam("account_id"))
)
COUNT_STRAY = Query(
    select(func.count())
    .select_from(group_chains)
    .where(
        group_chains.c.is_own == 0,
        ~exists().where(
            group_states.c.group_id == group_chains.c.group_id,
            or_(group_states.c.state == "joined", group_states.c.state == "left"),
            group_members.c.group_id == group_chains.c.group_id,
            group_members.c.account_id == group_chains.c.account_id,
        ),
    )
)
DROP = Query(group_chains.delete().where(group_chains.c.chain == bindparam("which")))
DROP_TAGS = Query(group_chain_tags.delete().where(group_chain_tags.c.chain == bindparam("which")))
DROP_HOLDERS = Query(
    group_chain_holders.delete().where(group_chain_holders.c.chain == bindparam("which"))
)
ADD_TAG = Query(upsert(group_chain_tags).on_conflict_do_nothing(), "tag", "chain", "number")
BY_TAG = Query(
    select(group_chain_tags.c.chain, group_chain_tags.c.number).where(
        group_chain_tags.c.tag == bindparam("tag")
    )
)
USE_TAG = Query(group_chain_tags.delete().where(group_chain_tags.c.tag == bindparam("which")))
HOLD = Query(upsert(group_chain_holders).on_conflict_do_nothing(), "chain", "device_id")
HOLDERS = Query(
    select(group_chain_holders.c.device_id).where(group_chain_holders.c.chain == bindparam("chain"))
)
LAST_WRITERS = Query(
    select(*_CHAIN.columns)
    .where(group_chains.c.is_own == 0)
    .order_by(group_chains.c.made_at_ms.desc(), group_chains.c.chain)
    .limit(bindparam("most"))
)
WRITERS = Query(
    select(group_chains.c.device_id).where(group_chains.c.group_id == bindparam("group_id"))
)
