"""Our committed vectors: what was computed when they were frozen is computed today."""

from __future__ import annotations

import json

import pytest

from restante.crypto import kdf, link_messages
from restante.crypto.codes import CodeSecret
from restante.crypto.keys import LinkSecret, XWingSeed
from restante.crypto.stored_session import parse
from restante.protocol.code import parse_code
from tests.crypto.people import open_message
from tests.vectors.crypto_vectors import HERE, documents

RECORDED = json.loads((HERE / "crypto-conversation.json").read_text(encoding="utf-8"))
LINKED = json.loads((HERE / "crypto-linking.json").read_text(encoding="utf-8"))
COMPUTED = documents(RECORDED["encapsulations"], LINKED["sealed_to"])


@pytest.mark.parametrize("name", COMPUTED)
def test_nothing_is_derived_otherwise_than_it_was_frozen(name: str) -> None:
    committed = json.loads((HERE / name).read_text(encoding="utf-8"))
    assert COMPUTED[name] == committed


def test_a_frozen_state_opens_a_frozen_envelope() -> None:
    state = parse(bytes.fromhex(RECORDED["initiator_state"]))
    opened = open_message(state, bytes.fromhex(RECORDED["answer_envelope"]))
    assert opened.content == b"welcome"
    assert opened.session.facts.session_id.hex() == RECORDED["session_id"]


def test_a_frozen_linking_is_read_with_the_frozen_keys() -> None:
    code = parse_code(LINKED["code"])
    accept = link_messages.open_accept(
        XWingSeed(bytes.fromhex(LINKED["xwing_seed"])),
        bytes.fromhex(LINKED["acceptance"]),
        code=code,
    )
    transcript = bytes.fromhex(LINKED["transcript"])
    assert accept.secret.hex() == LINKED["link_secret"]
    key, _ = kdf.link_keys(transcript, LinkSecret(accept.secret))
    reveal = link_messages.open_reveal(key, bytes.fromhex(LINKED["reveal"]))
    offer = link_messages.open_offer(CodeSecret(code.secret), bytes.fromhex(LINKED["offer"]))
    assert offer.name == "laptop"
    assert link_messages.commitment(reveal.nonce) == offer.commitment
    digits = kdf.link_digits(
        transcript, LinkSecret(accept.secret), new=reveal.nonce, old=accept.nonce
    )
    assert digits == LINKED["digits"]
    cancel = bytes.fromhex(LINKED["cancel"])
    assert not link_messages.is_cancel(CodeSecret(code.secret), cancel), "that is another linking's"
