"""The people a profile knows, and how one of them is found by what the user types.

Rule: a petname is the user's own word and is matched without regard to case or to how its accents
are encoded; more than one match is an answer too, and the caller's to settle.
Knows no manifest: that is opaque bytes. Spec: docs/client-store.md, section 4.
"""

from __future__ import annotations

import unicodedata
from dataclasses import field

from restante.store.client_rows import Rows, Shape, Statement
from restante.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactRow:
    """One person: who they are, what the user calls and thinks of them, and how to reach them.

    `token` opens their mailbox to us; `token_given` is the bucket of ours that they hold.
    `manifest` is the newest signed manifest as received, with its hash and sequence.
    """

    account_id: bytes
    address: str
    root_key: bytes
    petname: str | None
    state: str
    trust: str
    token: bytes | None = field(repr=False)
    token_given: int | None
    manifest: bytes | None = field(repr=False)
    manifest_hash: bytes | None
    manifest_sequence: int
    generation: int
    is_stale: bool
    created_at_s: int


_CONTACT = Shape(ContactRow)
_UPSERT = Statement("contacts.UPSERT")
_BY_ID = Statement("contacts.BY_ID")
_BY_ADDRESS = Statement("contacts.BY_ADDRESS")
_BY_PETNAME = Statement("contacts.BY_PETNAME")
_ALL = Statement("contacts.ALL")
_BY_PREFIX = Statement("contacts.BY_PREFIX")
_DELETE = Statement("contacts.DELETE")


def upsert_contact(rows: Rows, row: ContactRow) -> None:
    """Keep a contact, in place of what was kept under its account id."""
    folded = None if row.petname is None else _fold(row.petname)
    rows.run(_UPSERT, **_CONTACT.write(row), petname_folded=folded)


def contact(rows: Rows, account_id: bytes) -> ContactRow | None:
    """Return a contact by its account id, 16 B."""
    found = rows.first(_BY_ID, account_id=account_id)
    return None if found is None else _CONTACT.read(found)


def contact_by_address(rows: Rows, address: str) -> ContactRow | None:
    """Return the contact of an address; the latest, where a name was given to another account."""
    found = rows.first(_BY_ADDRESS, address=address)
    return None if found is None else _CONTACT.read(found)


def contact_by_petname(rows: Rows, petname: str) -> ContactRow | None:
    """Return the contact that alone has this petname."""
    found = rows.all(_BY_PETNAME, folded=_fold(petname))
    return _CONTACT.read(found[0]) if len(found) == 1 else None


def contacts(rows: Rows) -> list[ContactRow]:
    """Return all contacts, by petname, else by address."""
    return [_CONTACT.read(row) for row in rows.all(_ALL)]


def find(rows: Rows, text: str) -> list[ContactRow]:
    """Return whom a text may mean: by address, else by petname, else by the start of either.

    The first of the three that finds anybody decides; one row means that the text is clear.
    """
    folded = _fold(text)
    if not folded:
        return []
    found = (
        rows.all(_BY_ADDRESS, address=folded)
        or rows.all(_BY_PETNAME, folded=folded)
        or rows.all(_BY_PREFIX, folded=folded)
    )
    return [_CONTACT.read(row) for row in found]


def delete_contact(rows: Rows, account_id: bytes) -> None:
    """Forget a contact. Its conversation stays."""
    rows.run(_DELETE, account_id=account_id)


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text.strip()).casefold()
