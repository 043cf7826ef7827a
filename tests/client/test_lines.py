"""What commands print of a message for people: one line that says all there is to say of it."""

from __future__ import annotations

from typing import Any

import pytest

from restante.client.commands.records import message_text, received_text
from restante.client.commands.send import what_to_send

BOB = {"address": "bob@relay.example", "name": "Bob", "is_me": False}


def a_message(**changed: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "id": "ab" * 16,
        "sender": BOB,
        "sent_at": "2024-06-04T14:36:00.000Z",
        "body": "see you",
        "kind": "text",
        "state": "delivered",
        "error": None,
        "edited": False,
        "quote": None,
        "reactions": [],
        "imported": False,
    }
    return {**values, **changed}


def test_an_answer_shows_what_it_answers_above_it() -> None:
    quote = {"message": "cd" * 16, "excerpt": "when?"}
    first, second = message_text(a_message(quote=quote, body="at six")).splitlines()
    assert first.endswith("Bob: > when?")
    assert second.strip() == "at six"


@pytest.mark.parametrize("excerpt", ["", None])
def test_an_answer_to_what_is_gone_quotes_nothing(excerpt: str | None) -> None:
    quote = None if excerpt is None else {"message": "cd" * 16, "excerpt": excerpt}
    assert message_text(a_message(quote=quote)).endswith("Bob: see you")


def test_a_receipt_of_something_without_words_names_what_it_was() -> None:
    told = {"type": "receipt", "message": a_message(kind="deleted", body="")}
    assert received_text(told).endswith("(delivered: deleted)")


def test_a_receipt_repeats_the_beginning_of_a_long_message() -> None:
    told = {"type": "receipt", "message": a_message(body="Messages disappear 5 minutes after all")}
    assert received_text(told).endswith("(delivered: Messages disappear 5 minutes after all)")
    told = {"type": "receipt", "message": a_message(body="word " * 20)}
    assert received_text(told).endswith("word word\N{HORIZONTAL ELLIPSIS})")


def test_a_reply_is_sent_with_the_message_that_it_answers() -> None:
    assert what_to_send("yes", None, "ab" * 16).parameters == {"text": "yes", "quote": "ab" * 16}
    assert what_to_send("yes", None).parameters == {"text": "yes", "quote": None}
