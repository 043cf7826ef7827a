"""What `store/client_prekeys.py` asks and changes, as Core expressions."""

from __future__ import annotations

from sqlalchemy import bindparam, func, select
from sqlalchemy.dialects.sqlite import insert as upsert

from restante.store.client_prekeys import PrekeyRow
from restante.store.client_queries.compiling import Columns, Query
from restante.store.client_tables import hello_hashes, prekey_ids, prekeys

_PREKEY = Columns(PrekeyRow, prekeys)
ADD_PREKEY = Query(prekeys.insert(), *_PREKEY.names)
_is_this = (prekeys.c.kind == bindparam("of_kind")) & (prekeys.c.id == bindparam("of_id"))
PREKEY_BY_ID = Query(select(*_PREKEY.columns).where(_is_this))
DELETE_PREKEY = Query(prekeys.delete().where(_is_this))
OF_KIND = Query(
    select(*_PREKEY.columns)
    .where(prekeys.c.kind == bindparam("of_kind"))
    .order_by(prekeys.c.id.desc())
)
COUNT = Query(
    select(func.count()).select_from(prekeys).where(prekeys.c.kind == bindparam("of_kind"))
)
EXPIRED = Query(
    select(*_PREKEY.columns)
    .where(prekeys.c.expires_at_s <= bindparam("now_s"))
    .order_by(prekeys.c.kind, prekeys.c.id)
)
_new_id = upsert(prekey_ids)
RAISE_ID = Query(
    _new_id.on_conflict_do_update(
        index_elements=[prekey_ids.c.kind],
        set_={"next_id": func.max(prekey_ids.c.next_id, _new_id.excluded.next_id)},
    ),
    "kind",
    "next_id",
)
NEXT_ID = Query(select(prekey_ids.c.next_id).where(prekey_ids.c.kind == bindparam("of_kind")))
REMEMBER = Query(upsert(hello_hashes).on_conflict_do_nothing(), "hash", "prekey_id")
FORGET = Query(hello_hashes.delete().where(hello_hashes.c.prekey_id == bindparam("of_id")))
