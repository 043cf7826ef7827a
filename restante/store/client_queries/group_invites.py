"""What `store/client_group_invites.py` asks and changes, as Core expressions."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Column, Index, Integer, LargeBinary, Table, bindparam, func, select
from sqlalchemy.dialects.sqlite import insert as upsert

from restante.store.client_group_invites import JoinRow, LinkRow
from restante.store.client_queries.compiling import Columns, Query
from restante.store.client_tables import client_metadata


def _blob(name: str, **more: Any) -> Column[Any]:
    return Column(name, LargeBinary, nullable=False, **more)


def _number(name: str, **more: Any) -> Column[Any]:
    return Column(name, Integer, **{"nullable": False, **more})


group_links: Final = Table(
    "group_links",
    client_metadata,
    _blob("link_id", primary_key=True),
    _blob("group_id", primary_key=True),
    _blob("maker"),
    _number("expires_at_s", autoincrement=False),
    _number("uses", autoincrement=False),
    _number("used", autoincrement=False),
    _number("needs_approval", autoincrement=False),
    _number("is_live", autoincrement=False),
    Index("group_links_by_group", "group_id"),
    sqlite_with_rowid=False,
)

group_joins: Final = Table(
    "group_joins",
    client_metadata,
    _blob("group_id", primary_key=True),
    _blob("account_id", primary_key=True),
    _blob("link_id"),
    _number("asked_ms"),
    _number("due_ms", nullable=True),
    Index("group_joins_by_time", "due_ms"),
    sqlite_with_rowid=False,
)
_LINK = Columns(LinkRow, group_links)
_JOIN = Columns(JoinRow, group_joins)

_put_link = upsert(group_links)
PUT_LINK = Query(
    _put_link.on_conflict_do_update(
        index_elements=[group_links.c.link_id, group_links.c.group_id],
        set_={name: _put_link.excluded[name] for name in _LINK.names},
    ),
    *_LINK.names,
)
LINKS_OF_ID = Query(
    select(*_LINK.columns)
    .where(group_links.c.link_id == bindparam("link_id"))
    .order_by(group_links.c.group_id)
)
LINKS = Query(
    select(*_LINK.columns)
    .where(group_links.c.group_id == bindparam("group_id"))
    .order_by(group_links.c.link_id)
)
_put_join = upsert(group_joins)
PUT_JOIN = Query(
    _put_join.on_conflict_do_update(
        index_elements=[group_joins.c.group_id, group_joins.c.account_id],
        set_={name: _put_join.excluded[name] for name in _JOIN.names},
    ),
    *_JOIN.names,
)
_is_join = (group_joins.c.group_id == bindparam("group")) & (
    group_joins.c.account_id == bindparam("account")
)
ONE_JOIN = Query(select(*_JOIN.columns).where(_is_join))
DROP_JOIN = Query(group_joins.delete().where(_is_join))
JOINS = Query(
    select(*_JOIN.columns)
    .where(group_joins.c.group_id == bindparam("group_id"))
    .order_by(group_joins.c.asked_ms, group_joins.c.account_id)
)
COUNT_JOINS = Query(
    select(func.count())
    .select_from(group_joins)
    .where(group_joins.c.group_id == bindparam("group_id"))
)
DUE = Query(
    select(*_JOIN.columns)
    .where(group_joins.c.due_ms <= bindparam("now_ms"))
    .order_by(group_joins.c.asked_ms, group_joins.c.account_id)
    .limit(bindparam("most"))
)
NEXT_DUE = Query(select(func.min(group_joins.c.due_ms)))
