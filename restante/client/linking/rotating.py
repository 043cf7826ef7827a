"""New delivery tokens and a new contact code: what a revoked device knew is worth nothing.

Rule: all sixteen buckets and the code change at once; contacts get the new token of their bucket,
whoever still comes with an old one lands in the request lane. Inside the caller's transaction.
Spec: docs/engine.md, sections 7 and 14.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from restante.client import granting
from restante.client.acquaintance import is_heard
from restante.client.backoff import unit_interval
from restante.client.publishing import note_tokens_changed
from restante.client.syncing.self_contact import follow_tokens
from restante.crypto import codes
from restante.crypto.tokens import generate_bucket_tokens, pick_bucket
from restante.store.client_account import CodeRow, TokenRow, save_code, save_tokens, tokens
from restante.store.client_contacts import contacts

if TYPE_CHECKING:
    from restante.client.changes import Changes
    from restante.client.context import EngineContext
    from restante.store.client_rows import Rows


def rotate_all(rows: Rows, changes: Changes, *, context: EngineContext) -> None:
    """Retire every token and the contact code, and send each contact the token that follows."""
    randomness, now_ms = context.randomness, context.now_ms()
    retired = [replace(each, is_live=False) for each in tokens(rows) if each.is_live]
    fresh = [
        TokenRow(bucket=bucket, token=token, is_live=True)
        for bucket, token in enumerate(generate_bucket_tokens(randomness))
    ]
    save_tokens(rows, [*retired, *fresh])
    renew_code(rows, bucket=pick_bucket(randomness), context=context)
    follow_tokens(rows)
    note_tokens_changed(rows)
    changes.are_tokens_changed = True
    jitter_ms = context.tuning.receipt_jitter_s * 1000
    for row in contacts(rows):
        if row.token_given is not None and is_heard(row):
            granting.grant(
                rows,
                changes,
                row,
                randomness=randomness,
                now_ms=now_ms,
                delay_ms=int(unit_interval(randomness.random(7)) * jitter_ms),
            )


def renew_code(rows: Rows, *, bucket: int, context: EngineContext) -> None:
    """Give the account another contact code, with the token of that bucket."""
    secret = codes.generate_code_secret(context.randomness)
    save_code(
        rows,
        CodeRow(
            secret=secret.raw,
            lookup_id=codes.lookup_id(secret),
            bucket=bucket,
            is_published=False,
            created_at_s=context.now_s(),
        ),
    )
