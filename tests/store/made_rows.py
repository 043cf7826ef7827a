"""Rows for tests of the client's store: whole values, of which a test names what it is about."""

from __future__ import annotations

import random
from typing import Any

from restante.store.client_account import AccountRow
from restante.store.client_contacts import ContactRow
from restante.store.client_messages import MessageRow
from restante.store.client_outbox import OutboxRow
from restante.store.client_sessions import SessionRow

ANN = b"ann-------------"
BOB = b"bob-------------"
PHONE = b"bob's-phone-----"


def made_id(chance: random.Random) -> bytes:
    """Return 16 bytes."""
    return chance.randbytes(16)


def made_message(chance: random.Random, *, rank: int = 0, **changed: Any) -> MessageRow:
    """Return a message that was received from Bob and is unread."""
    message_id = changed.get("id", made_id(chance))
    values: dict[str, Any] = {
        "id": message_id,
        "conversation": BOB,
        "author": BOB,
        "device_id": PHONE,
        "counter": 1,
        "order_key": rank.to_bytes(8, "big") + message_id,
        "rank": rank,
        "sent_at_ms": rank >> 16,
        "received_at_ms": rank >> 16,
        "kind": "text",
        "text": "good morning",
        "body": b"\x91good morning",
        "state": "delivered",
        "error": None,
        "quote_id": None,
        "quote_excerpt": None,
        "expires_at_ms": None,
    }
    return MessageRow(**{**values, **changed})


def made_contact(account_id: bytes = BOB, **changed: Any) -> ContactRow:
    """Return an accepted contact."""
    values: dict[str, Any] = {
        "account_id": account_id,
        "address": "bob@relay.example",
        "root_key": b"r" * 32,
        "petname": None,
        "state": "accepted",
        "trust": "unverified",
        "token": b"t" * 16,
        "token_given": 3,
        "manifest": b"m" * 600,
        "manifest_hash": b"h" * 32,
        "manifest_sequence": 1,
        "generation": 1,
        "is_stale": False,
        "created_at_s": 1_700_000_000,
    }
    return ContactRow(**{**values, **changed})


def made_account(**changed: Any) -> AccountRow:
    """Return the account of a new profile."""
    values: dict[str, Any] = {
        "address": "ann@relay.example",
        "root_secret": b"R" * 32,
        "account_secret": b"A" * 32,
        "device_secret": b"D" * 32,
        "identity_secret": b"I" * 32,
        "generation": 1,
        "created_at_s": 1_700_000_000,
    }
    return AccountRow(**{**values, **changed})


def made_session(session_id: bytes, **changed: Any) -> SessionRow:
    """Return a session with Bob's phone."""
    values: dict[str, Any] = {
        "session_id": session_id,
        "account_id": BOB,
        "device_id": PHONE,
        "state": b"state" * 300,
        "is_confirmed": False,
        "initiated_by_us": True,
        "last_used_ms": 1_700_000_000_000,
    }
    return SessionRow(**{**values, **changed})


def made_entry(entry_id: bytes, **changed: Any) -> OutboxRow:
    """Return an outbox entry that waits to be sealed, due at once."""
    values: dict[str, Any] = {
        "id": entry_id,
        "envelope_id": None,
        "message_id": None,
        "account_id": BOB,
        "device_id": None,
        "content": b"content",
        "payload": None,
        "relay": "relay.example",
        "state": "queued",
        "attempts": 0,
        "next_attempt_ms": 0,
        "created_at_ms": 0,
        "ttl_s": 86400,
        "was_sent": False,
    }
    return OutboxRow(**{**values, **changed})
