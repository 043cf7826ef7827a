"""Our committed vectors: what was computed when they were frozen is computed today."""

from __future__ import annotations

import json

import pytest

from restante.crypto.stored_session import parse
from tests.crypto.people import open_message
from tests.vectors.crypto_vectors import HERE, documents

RECORDED = json.loads((HERE / "crypto-conversation.json").read_text(encoding="utf-8"))
COMPUTED = documents(RECORDED["encapsulations"])


@pytest.mark.parametrize("name", COMPUTED)
def test_nothing_is_derived_otherwise_than_it_was_frozen(name: str) -> None:
    committed = json.loads((HERE / name).read_text(encoding="utf-8"))
    assert COMPUTED[name] == committed


def test_a_frozen_state_opens_a_frozen_envelope() -> None:
    state = parse(bytes.fromhex(RECORDED["initiator_state"]))
    opened = open_message(state, bytes.fromhex(RECORDED["answer_envelope"]))
    assert opened.content == b"welcome"
    assert opened.session.facts.session_id.hex() == RECORDED["session_id"]
