"""What of the account's history couldn't be brought to this device: counted, said, and forgotten
once it was asked for again.

Rule: durable from the transaction in which it is lost, so that it is said after a restart too.
Inside the caller's transaction. Spec: docs/engine.md, section 15.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from msgspec import Struct
from msgspec.structs import replace

from restante.client.history_transfer.awaiting import is_history_awaited
from restante.client.interface import HistoryState
from restante.errors import RemoteProtocolError
from restante.protocol.codec import decode, encode
from restante.store.client_account import get_value, set_value

if TYPE_CHECKING:
    from restante.store.client_rows import Rows

_LOST: Final = "history_lost"
ASK_AGAIN: Final = "It is still on your other devices; ask for it: restante device history --again"


class Losses(Struct, array_like=True, frozen=True):
    """`parts` that expired, were damaged or refused; `items` that can't be read or weren't given.

    `is_unfinished`: the rest of it never came.
    """

    parts: int = 0
    items: int = 0
    is_unfinished: bool = False

    @property
    def is_any(self) -> bool:
        """Whether anything is lost."""
        return self != NOTHING

    @property
    def in_all(self) -> int:
        """How many things, at the least."""
        return self.parts + self.items + self.is_unfinished


NOTHING: Final = Losses()


def losses(rows: Rows) -> Losses:
    """Return what is lost."""
    packed = get_value(rows, _LOST)
    try:
        return NOTHING if packed is None else decode(packed, Losses)
    except RemoteProtocolError:
        return Losses(is_unfinished=True)


def note_lost(rows: Rows, *, parts: int = 0, items: int = 0, is_unfinished: bool = False) -> None:
    """Count what is lost."""
    before = losses(rows)
    now = replace(
        before,
        parts=before.parts + parts,
        items=before.items + items,
        is_unfinished=before.is_unfinished or is_unfinished,
    )
    if now != before:
        set_value(rows, _LOST, encode(now))


def forget_losses(rows: Rows) -> None:
    """Nothing is lost any more, or the user doesn't mind."""
    set_value(rows, _LOST, None)


def sentence(lost: Losses) -> str | None:
    """Say what is lost, and what to do; None if nothing is."""
    if not lost.is_any:
        return None
    what = [_counted(lost.parts, "part")] if lost.parts else []
    what += [_counted(lost.items, "entry")] if lost.items else []
    what += ["the rest of it"] if lost.is_unfinished else []
    return (
        f"Some of the history couldn't be brought to this device: {' and '.join(what)} waited too "
        f"long, or can't be read. {ASK_AGAIN}"
    )


def history_state(rows: Rows) -> HistoryState:
    """Return how the account's history stands on this device."""
    lost = losses(rows)
    missing: Literal["incomplete", "whole"] = "incomplete" if lost.is_any else "whole"
    state = "coming" if is_history_awaited(rows) else missing
    return HistoryState(
        state=state,
        lost_parts=lost.parts,
        lost_entries=lost.items,
        error=sentence(lost) if state == "incomplete" else None,
    )


def _counted(count: int, thing: str) -> str:
    things = f"{thing[:-1]}ies" if thing.endswith("y") else f"{thing}s"
    return f"{count} {thing if count == 1 else things}"
