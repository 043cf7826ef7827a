"""What `store/client_contacts.py` asks and changes, as Core expressions."""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, func, or_, select
from sqlalchemy.dialects.sqlite import insert as upsert

from restante.store import client_tables as tables
from restante.store.client_contacts import ContactRow
from restante.store.client_queries.compiling import Columns, Query

_contacts = tables.contacts
_CONTACT = Columns(ContactRow, _contacts)
_select = select(*_CONTACT.columns)
_new = upsert(_contacts)
UPSERT = Query(
    _new.on_conflict_do_update(
        index_elements=[_contacts.c.account_id],
        set_={name: _new.excluded[name] for name in (*_CONTACT.names, "petname_folded")},
    ),
    *_CONTACT.names,
    "petname_folded",
)
BY_ID = Query(_select.where(_contacts.c.account_id == bindparam("account_id")))
BY_ADDRESS = Query(
    _select.where(_contacts.c.address == bindparam("address")).order_by(
        _contacts.c.created_at_s.desc(), _contacts.c.account_id
    )
)
BY_PETNAME = Query(_select.where(_contacts.c.petname_folded == bindparam("folded")))
ALL = Query(
    _select.order_by(
        func.coalesce(_contacts.c.petname_folded, _contacts.c.address), _contacts.c.address
    )
)


def _starts(column: Any, name: str) -> Any:
    # Not LIKE: what the user types may hold its wildcards.
    return func.substr(column, 1, func.length(bindparam(name))) == bindparam(name)


BY_PREFIX = Query(
    _select.where(
        or_(_starts(_contacts.c.petname_folded, "folded"), _starts(_contacts.c.address, "folded"))
    ).order_by(_contacts.c.address)
)
DELETE = Query(_contacts.delete().where(_contacts.c.account_id == bindparam("account_id")))
