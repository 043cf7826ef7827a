"""What `store/client_account.py` asks and changes, as Core expressions."""

from __future__ import annotations

from sqlalchemy import bindparam, func, insert, select
from sqlalchemy.dialects.sqlite import insert as upsert

from restante.store import client_tables as tables
from restante.store.client_account import AccountRow, CodeRow, TokenRow
from restante.store.client_queries.compiling import Columns, Query

_ACCOUNT = Columns(AccountRow, tables.account)
_TOKEN = Columns(TokenRow, tables.tokens)
_CODE = Columns(CodeRow, tables.codes)
_new_account = upsert(tables.account)
SAVE_ACCOUNT = Query(
    _new_account.on_conflict_do_update(
        index_elements=[tables.account.c.number],
        set_={name: _new_account.excluded[name] for name in _ACCOUNT.names},
    ),
    "number",
    *_ACCOUNT.names,
)
LOAD_ACCOUNT = Query(select(*_ACCOUNT.columns))
_new_setting = upsert(tables.settings)
SET_VALUE = Query(
    _new_setting.on_conflict_do_update(
        index_elements=[tables.settings.c.key], set_={"value": _new_setting.excluded.value}
    ),
    "key",
    "value",
)
GET_VALUE = Query(select(tables.settings.c.value).where(tables.settings.c.key == bindparam("key")))
DELETE_VALUE = Query(tables.settings.delete().where(tables.settings.c.key == bindparam("key")))
_new_token = upsert(tables.tokens)
SAVE_TOKEN = Query(
    _new_token.on_conflict_do_update(
        index_elements=[tables.tokens.c.token],
        set_={"bucket": _new_token.excluded.bucket, "is_live": _new_token.excluded.is_live},
    ),
    *_TOKEN.names,
)
TOKENS = Query(
    select(*_TOKEN.columns).order_by(tables.tokens.c.bucket, tables.tokens.c.is_live.desc())
)
SAVE_CODE = Query(insert(tables.codes), *_CODE.names)
MARK_PUBLISHED = Query(
    tables.codes.update().where(tables.codes.c.lookup_id == bindparam("which")), "is_published"
)
OWN_CODE = Query(
    select(*_CODE.columns).where(
        tables.codes.c.number == select(func.max(tables.codes.c.number)).scalar_subquery()
    )
)
