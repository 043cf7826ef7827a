"""How conversations and messages are named by whoever uses the engine: ids in hex, read strictly.

Rule: what is no id is an error that says what one looks like. Pure. Spec: docs/rpc.md.
"""

from __future__ import annotations

from restante.errors import UserError
from restante.protocol.group import GROUP_ID_BYTES
from restante.protocol.ids import ID_BYTES


def account_of(conversation: str) -> bytes:
    """Return whose conversation a key names. UserError if it is none."""
    account_id = id_of(conversation)
    if account_id is None:
        raise UserError("There is no such conversation. See: restante contact ls")
    return account_id


def conversation_of(text: str) -> bytes:
    """Return the key of a conversation, with an account or of a group. UserError if it is none."""
    group_id = group_of(text)
    return account_of(text) if group_id is None else group_id


def group_of(text: str) -> bytes | None:
    """Return the 32 bytes that name a group; None for any other text."""
    if len(text) != 2 * GROUP_ID_BYTES:
        return None
    try:
        return bytes.fromhex(text)
    except ValueError:
        return None


def message_of(text: str) -> bytes:
    """Return a message's id. UserError if the text is none."""
    message_id = id_of(text)
    if message_id is None:
        raise UserError("A message's id has 32 characters of 0-9 and a-f.")
    return message_id


def id_of(text: str) -> bytes | None:
    """Return the 16 bytes that 32 hex digits write; None for any other text."""
    if len(text) != 2 * ID_BYTES:
        return None
    try:
        return bytes.fromhex(text)
    except ValueError:
        return None
