"""The secrets of published prekeys, and the hellos that they have opened.

Rule: an id is given once, also when its prekey is long erased; a hello's hash is kept for exactly
as long as the signed prekey that could open it again (attack 14, replay on the last-resort path).
Knows no cryptography. Spec: docs/client-store.md, section 3.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field
from typing import Final

from restante.store.client_rows import Rows, Shape, Statement
from restante.values import dataclass

SIGNED_KIND: Final = 1
"""The kind that every hello names; with its secret its hashes go."""
FIRST_ID: Final = 1
"""In a hello, 0 says that there is no one-time prekey."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrekeyRow:
    """One published prekey: its kind and id as on the wire, its secret, and when it ends."""

    kind: int
    id: int
    secret: bytes = field(repr=False)
    expires_at_s: int
    created_at_s: int


_PREKEY = Shape(PrekeyRow)
_ADD_PREKEY = Statement("prekeys.ADD_PREKEY")
_PREKEY_BY_ID = Statement("prekeys.PREKEY_BY_ID")
_DELETE_PREKEY = Statement("prekeys.DELETE_PREKEY")
_OF_KIND = Statement("prekeys.OF_KIND")
_COUNT = Statement("prekeys.COUNT")
_EXPIRED = Statement("prekeys.EXPIRED")
_RAISE_ID = Statement("prekeys.RAISE_ID")
_NEXT_ID = Statement("prekeys.NEXT_ID")
_REMEMBER = Statement("prekeys.REMEMBER")
_FORGET = Statement("prekeys.FORGET")


def add_prekeys(rows: Rows, added: Iterable[PrekeyRow]) -> None:
    """Keep new prekeys. Raises Conflict, and keeps none, if one's kind and id exist."""
    listed = list(added)
    rows.run_many(_ADD_PREKEY, map(_PREKEY.write, listed))
    highest: dict[int, int] = {}
    for row in listed:
        highest[row.kind] = max(row.id, highest.get(row.kind, 0))
    for kind, last in highest.items():
        rows.run(_RAISE_ID, kind=kind, next_id=last + 1)


def prekey(rows: Rows, kind: int, id: int) -> PrekeyRow | None:  # as on the wire
    """Return a prekey, unless it is erased or never was."""
    found = rows.first(_PREKEY_BY_ID, of_kind=kind, of_id=id)
    return None if found is None else _PREKEY.read(found)


def prekeys_of(rows: Rows, kind: int) -> list[PrekeyRow]:
    """Return the prekeys of a kind, the newest first."""
    return [_PREKEY.read(row) for row in rows.all(_OF_KIND, of_kind=kind)]


def count_prekeys(rows: Rows, kind: int) -> int:
    """Return how many prekeys of a kind are kept."""
    return int(rows.value(_COUNT, of_kind=kind))


def delete_prekey(rows: Rows, kind: int, id: int) -> None:  # as on the wire
    """Erase a prekey's secret; with a signed prekey also the hashes of the hellos it opened."""
    rows.run(_DELETE_PREKEY, of_kind=kind, of_id=id)
    if kind == SIGNED_KIND:
        rows.run(_FORGET, of_id=id)


def prekeys_expired(rows: Rows, now_s: int) -> list[PrekeyRow]:
    """Return the prekeys whose time is over."""
    return [_PREKEY.read(row) for row in rows.all(_EXPIRED, now_s=now_s)]


def next_prekey_id(rows: Rows, kind: int, *, count: int = 1) -> int:
    """Reserve `count` ids of a kind, one after the other, and return the first."""
    first = int(rows.value(_NEXT_ID, of_kind=kind) or FIRST_ID)
    rows.run(_RAISE_ID, kind=kind, next_id=first + count)
    return first


def remember_hello(rows: Rows, hello_hash: bytes, prekey_id: int) -> bool:
    """Keep a hello's hash (32 B) under its signed prekey; False if it was there: a replay."""
    return rows.run(_REMEMBER, hash=hello_hash, prekey_id=prekey_id) == 1
