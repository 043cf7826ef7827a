"""What `store/client_groups.py` asks and changes, as Core expressions."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import (
    Column,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    bindparam,
    exists,
    func,
    or_,
    select,
    text,
)
from sqlalchemy.dialects.sqlite import insert as upsert

from restante.store.client_groups import EntryRow, GroupRow, MemberRow, WaitingRow
from restante.store.client_queries.compiling import Columns, Query
from restante.store.client_tables import client_metadata


def _blob(name: str, **more: Any) -> Column[Any]:
    return Column(name, LargeBinary, **{"nullable": False, **more})


def _number(name: str, **more: Any) -> Column[Any]:
    return Column(name, Integer, **{"nullable": False, **more})


group_states: Final = Table(
    "group_states",
    client_metadata,
    _blob("group_id", primary_key=True),
    Column("state", Text, nullable=False),
    _blob("adder", nullable=True),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False),
    _number("is_space"),
    _blob("parent", nullable=True),
    _number("timer_s"),
    _number("may_post"),
    _number("may_mention_all"),
    _number("own_role"),
    _blob("heads"),
    _number("begun_at_ms"),
    _blob("picture", server_default=text("x''")),
    sqlite_with_rowid=False,
)
group_entries: Final = Table(
    "group_entries",
    client_metadata,
    Column("number", Integer, primary_key=True, nullable=False),
    _blob("hash"),
    _blob("group_id"),
    _blob("manifest_hash"),
    _blob("signature"),
    _blob("body"),
    UniqueConstraint("hash"),
    Index("group_entries_by_group", "group_id", "number"),
)
group_manifests: Final = Table(
    "group_manifests",
    client_metadata,
    _blob("hash", primary_key=True),
    _blob("manifest"),
    sqlite_with_rowid=False,
)
"""Those under which entries were signed: an account's newest one may list other devices by now."""
group_members: Final = Table(
    "group_members",
    client_metadata,
    _blob("group_id", primary_key=True),
    _blob("account_id", primary_key=True),
    _number("role", autoincrement=False),
    _number("since_counter", autoincrement=False),
    Index("group_members_by_account", "account_id"),
    sqlite_with_rowid=False,
)
"""`since_counter`: our last counter there when they came. What is older is none of theirs."""
group_waiting: Final = Table(
    "group_waiting",
    client_metadata,
    Column("number", Integer, primary_key=True, nullable=False),
    _blob("group_id"),
    _blob("account_id"),
    _blob("device_id"),
    _number("arrived_ms"),
    _blob("packed"),
    Index("group_waiting_by_group", "group_id"),
)
group_receipts: Final = Table(
    "group_receipts",
    client_metadata,
    _blob("message_id", primary_key=True),
    _blob("account_id", primary_key=True),
    Column("state", Text, nullable=False),
    sqlite_with_rowid=False,
)
_GROUP = Columns(GroupRow, group_states)
_ENTRY = Columns(EntryRow, group_entries)
_MEMBER = Columns(MemberRow, group_members)
_WAITING = Columns(WaitingRow, group_waiting)
_put = upsert(group_states)
PUT = Query(
    _put.on_conflict_do_update(
        index_elements=[group_states.c.group_id],
        set_={name: _put.excluded[name] for name in _GROUP.names},
    ),
    *_GROUP.names,
)
ONE = Query(select(*_GROUP.columns).where(group_states.c.group_id == bindparam("group_id")))
ALL = Query(select(*_GROUP.columns).order_by(group_states.c.begun_at_ms))
COUNT_STATE = Query(
    select(func.count()).select_from(group_states).where(group_states.c.state == bindparam("state"))
)
OLDEST = Query(
    select(group_states.c.group_id)
    .where(
        group_states.c.state == bindparam("in_state"),
        group_states.c.begun_at_ms < bindparam("before_ms"),
    )
    .order_by(group_states.c.begun_at_ms, group_states.c.group_id)
    .limit(1)
)
FORGET_STATE = Query(group_states.delete().where(group_states.c.group_id == bindparam("which")))
FORGET_ENTRIES = Query(group_entries.delete().where(group_entries.c.group_id == bindparam("which")))
FORGET_MEMBERS = Query(group_members.delete().where(group_members.c.group_id == bindparam("which")))
ADD_ENTRY = Query(upsert(group_entries).on_conflict_do_nothing(), *_ENTRY.names)
ENTRIES = Query(
    select(*_ENTRY.columns)
    .where(group_entries.c.group_id == bindparam("group_id"))
    .order_by(group_entries.c.number)
    .offset(bindparam("skip"))
)
HASHES = Query(
    select(group_entries.c.hash)
    .where(group_entries.c.group_id == bindparam("group_id"))
    .order_by(group_entries.c.number)
)
ENTRY_ONE = Query(select(*_ENTRY.columns).where(group_entries.c.hash == bindparam("hash")))
ENTRY_HERE = Query(
    select(group_entries.c.number).where(
        group_entries.c.hash == bindparam("hash"), group_entries.c.group_id == bindparam("group_id")
    )
)
COUNT_ENTRIES = Query(
    select(func.count())
    .select_from(group_entries)
    .where(group_entries.c.group_id == bindparam("group_id"))
)
ENTRY_BYTES = Query(
    select(func.coalesce(func.sum(func.length(group_entries.c.body)), 0)).where(
        group_entries.c.group_id == bindparam("group_id")
    )
)
ADD_MANIFEST = Query(upsert(group_manifests).on_conflict_do_nothing(), "hash", "manifest")
MANIFEST = Query(
    select(group_manifests.c.manifest).where(group_manifests.c.hash == bindparam("hash"))
)
_is_member = (group_members.c.group_id == bindparam("group")) & (
    group_members.c.account_id == bindparam("account")
)
_new_member = upsert(group_members)
PUT_MEMBER = Query(
    _new_member.on_conflict_do_update(
        index_elements=[group_members.c.group_id, group_members.c.account_id],
        set_={"role": _new_member.excluded.role},
    ),
    *_MEMBER.names,
)
MEMBERS = Query(
    select(*_MEMBER.columns)
    .where(group_members.c.group_id == bindparam("group_id"))
    .order_by(group_members.c.role.desc(), group_members.c.account_id)
)
COUNT_MEMBERS = Query(
    select(func.count())
    .select_from(group_members)
    .where(group_members.c.group_id == bindparam("group_id"))
)
MEMBER_ONE = Query(select(*_MEMBER.columns).where(_is_member))
DROP_MEMBER = Query(group_members.delete().where(_is_member))
GROUPS_OF = Query(
    select(group_members.c.group_id)
    .where(group_members.c.account_id == bindparam("account_id"))
    .order_by(group_members.c.group_id)
)
_contacts = client_metadata.tables["contacts"]
_is_of_ours = exists().where(
    group_members.c.account_id == _contacts.c.account_id,
    group_states.c.group_id == group_members.c.group_id,
    or_(group_states.c.state == "joined", group_states.c.state == "left"),
)
_is_apart = (_contacts.c.state == bindparam("in_state")) & ~_is_of_ours
COUNT_APART = Query(
    select(func.count())
    .select_from(_contacts)
    .where(_is_apart, _contacts.c.created_at_s > bindparam("after_s"))
)
_is_named = exists().where(group_members.c.account_id == _contacts.c.account_id)
COUNT_NAMED = Query(select(func.count()).select_from(_contacts).where(_is_apart, _is_named))
WAIT = Query(group_waiting.insert(), *_WAITING.names)
WAITING_OF = Query(
    select(*_WAITING.columns)
    .where(group_waiting.c.group_id == bindparam("group_id"))
    .order_by(group_waiting.c.number)
)
TAKE_WAITING = Query(group_waiting.delete().where(group_waiting.c.group_id == bindparam("which")))
COUNT_WAITING = Query(
    select(func.count())
    .select_from(group_waiting)
    .where(group_waiting.c.account_id == bindparam("account_id"))
)
COUNT_ALL_WAITING = Query(select(func.count()).select_from(group_waiting))
FORGET_WAITING = Query(
    group_waiting.delete().where(group_waiting.c.arrived_ms < bindparam("before_ms"))
)
_said = upsert(group_receipts)
NOTE_RECEIPT = Query(
    _said.on_conflict_do_update(
        index_elements=[group_receipts.c.message_id, group_receipts.c.account_id],
        set_={"state": _said.excluded.state},
        where=group_receipts.c.state != "read",
    ),
    "message_id",
    "account_id",
    "state",
)
RECEIPTS = Query(
    select(group_receipts.c.account_id, group_receipts.c.state).where(
        group_receipts.c.message_id == bindparam("message_id")
    )
)
