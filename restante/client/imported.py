"""Which messages were imported from a file: nobody else has them, and nobody vouches for them.

Rule: the mark is the sending device, which is nobody's; so it goes along to other devices and into
backups. Spec: docs/engine.md, section 23.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from restante.errors import UserError

if TYPE_CHECKING:
    from restante.store.client_messages import MessageRow

IMPORTED_DEVICE: Final = b"imported\x00from\x00it"
"""Sixteen bytes that no device's id can be by more than chance."""


def is_imported(row: MessageRow) -> bool:
    """Whether a message came from a file."""
    return row.device_id == IMPORTED_DEVICE


def refuse_imported(row: MessageRow) -> None:
    """Refuse to change a message that only this account has. UserError."""
    if is_imported(row):
        raise UserError(
            "This message was imported: others haven't got it, so it can only be deleted here."
        )
