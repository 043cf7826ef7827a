"""What `store/client_transfers.py` asks and changes, as Core expressions."""

from __future__ import annotations

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.sqlite import insert as upsert

from restante.store import client_tables as tables
from restante.store.client_queries.compiling import Columns, Query
from restante.store.client_transfers import PartRow, TransferRow, WalkRow

_transfers = tables.transfers
_parts = tables.transfer_parts
_walk = tables.transfer_walk
_TRANSFER = Columns(TransferRow, _transfers)
_PART = Columns(PartRow, _parts)
_WALK = Columns(WalkRow, _walk)
_new_transfer = upsert(_transfers)
SAVE_TRANSFER = Query(
    _new_transfer.on_conflict_do_update(
        index_elements=[_transfers.c.id],
        set_={name: _new_transfer.excluded[name] for name in _TRANSFER.names},
    ),
    *_TRANSFER.names,
)
ONE = Query(select(*_TRANSFER.columns).where(_transfers.c.id == bindparam("id")))
ALL = Query(
    select(*_TRANSFER.columns)
    .where(_transfers.c.direction == bindparam("direction"))
    .order_by(_transfers.c.begun_at_ms, _transfers.c.id)
)
FORGET = Query(_transfers.delete().where(_transfers.c.id == bindparam("which")))
FORGET_PARTS = Query(_parts.delete().where(_parts.c.transfer == bindparam("which")))
FORGET_WALK = Query(_walk.delete().where(_walk.c.transfer == bindparam("which")))
_new_part = upsert(_parts)
SAVE_PART = Query(
    _new_part.on_conflict_do_update(
        index_elements=[_parts.c.transfer, _parts.c.number],
        set_={name: _new_part.excluded[name] for name in _PART.names},
    ),
    *_PART.names,
)
PARTS = Query(
    select(*_PART.columns)
    .where(_parts.c.transfer == bindparam("transfer"))
    .order_by(_parts.c.number)
)
DELETE_PART = Query(
    _parts.delete().where(
        _parts.c.transfer == bindparam("of_transfer"), _parts.c.number == bindparam("at_number")
    )
)
_new_step = upsert(_walk)
SAVE_WALK = Query(
    _new_step.on_conflict_do_update(
        index_elements=[_walk.c.transfer, _walk.c.position],
        set_={"before_key": _new_step.excluded.before_key},
    ),
    *_WALK.names,
)
WALK_OF = Query(
    select(*_WALK.columns)
    .where(_walk.c.transfer == bindparam("transfer"))
    .order_by(_walk.c.position)
)
