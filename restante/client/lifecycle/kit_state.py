"""Whether the recovery kit's words were checked to be on paper: a mark beside the account.

Rule: knows no word. Inside the caller's transaction. Spec: docs/engine.md, section 17.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from restante.store.client_account import get_value, load_account, set_value

if TYPE_CHECKING:
    from restante.store.client_rows import Rows

_CONFIRMED: Final = "recovery_confirmed"

RecoveryState = Literal["unconfirmed", "confirmed"]


def recovery_state(rows: Rows) -> RecoveryState | None:
    """Return where the kit stands; None where there is no account, or the device is linked."""
    if is_confirmed(rows):
        return "confirmed"
    row = load_account(rows)
    return None if row is None or row.root_secret is None else "unconfirmed"


def is_confirmed(rows: Rows) -> bool:
    """Whether the words are on paper alone."""
    return get_value(rows, _CONFIRMED) is not None


def note_confirmed(rows: Rows) -> None:
    """The words have been named, or just typed: they are where they belong."""
    set_value(rows, _CONFIRMED, b"\x01")
