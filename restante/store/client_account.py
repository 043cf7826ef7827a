"""What a profile's device keeps of itself: keys, settings, delivery tokens and contact codes.

Rule: secrets are opaque bytes here, and one that is erased leaves nothing behind but the fact that
its id was used. Knows no cryptography. Spec: docs/client-store.md, section 3.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field

from restante.store.client_rows import Rows, Shape, Statement
from restante.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRow:
    """The account of this profile and the keys of its device.

    `root_secret` is None once it lives in the recovery kit alone, `account_secret` on every device
    but the first.
    """

    address: str
    root_secret: bytes | None = field(repr=False)
    account_secret: bytes | None = field(repr=False)
    device_secret: bytes = field(repr=False)
    identity_secret: bytes = field(repr=False)
    generation: int
    created_at_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRow:
    """A delivery token of ours, 16 B, and the bucket it opens; `is_live` until it is retired."""

    bucket: int
    token: bytes = field(repr=False)
    is_live: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeRow:
    """A contact code of ours: its secret (8 B), where the relay keeps its record, and whose token
    that holds."""

    secret: bytes = field(repr=False)
    lookup_id: bytes
    bucket: int
    is_published: bool
    created_at_s: int


_ACCOUNT = Shape(AccountRow)
_TOKEN = Shape(TokenRow)
_CODE = Shape(CodeRow)
_THE_ONE = 1
_SAVE_ACCOUNT = Statement("account.SAVE_ACCOUNT")
_LOAD_ACCOUNT = Statement("account.LOAD_ACCOUNT")
_SET_VALUE = Statement("account.SET_VALUE")
_GET_VALUE = Statement("account.GET_VALUE")
_DELETE_VALUE = Statement("account.DELETE_VALUE")
_SAVE_TOKEN = Statement("account.SAVE_TOKEN")
_TOKENS = Statement("account.TOKENS")
_SAVE_CODE = Statement("account.SAVE_CODE")
_MARK_PUBLISHED = Statement("account.MARK_PUBLISHED")
_OWN_CODE = Statement("account.OWN_CODE")


def save_account(rows: Rows, row: AccountRow) -> None:
    """Keep the account, in place of what was kept of it."""
    rows.run(_SAVE_ACCOUNT, number=_THE_ONE, **_ACCOUNT.write(row))


def load_account(rows: Rows) -> AccountRow | None:
    """Return the account, or None in a new profile."""
    found = rows.first(_LOAD_ACCOUNT)
    return None if found is None else _ACCOUNT.read(found)


def set_value(rows: Rows, key: str, value: bytes | None) -> None:
    """Keep a setting of the engine's own; None takes it away."""
    if value is None:
        rows.run(_DELETE_VALUE, key=key)
    else:
        rows.run(_SET_VALUE, key=key, value=value)


def get_value(rows: Rows, key: str) -> bytes | None:
    """Return a setting of the engine's own."""
    value: bytes | None = rows.value(_GET_VALUE, key=key)
    return value


def save_tokens(rows: Rows, added: Iterable[TokenRow]) -> None:
    """Keep tokens; one that is known already takes the new bucket and `is_live`."""
    rows.run_many(_SAVE_TOKEN, map(_TOKEN.write, added))


def tokens(rows: Rows) -> list[TokenRow]:
    """Return all tokens, by bucket, the live one of each first."""
    return [_TOKEN.read(row) for row in rows.all(_TOKENS)]


def save_code(rows: Rows, row: CodeRow) -> None:
    """Keep a new contact code; it is the account's from now on."""
    rows.run(_SAVE_CODE, **_CODE.write(row))


def mark_code_published(rows: Rows, lookup_id: bytes) -> None:
    """Note that the relay holds the code's record."""
    rows.run(_MARK_PUBLISHED, which=lookup_id, is_published=True)


def own_code(rows: Rows) -> CodeRow | None:
    """Return the newest contact code."""
    found = rows.first(_OWN_CODE)
    return None if found is None else _CODE.read(found)
