"""Sender keys: whoever has the chain reads, only its owner writes, and nothing opens twice."""

from __future__ import annotations

import pytest

from restante.crypto import aead, kdf, labels, sender_keys
from restante.crypto.sender_keys import accept, begin, open_message, seal
from restante.errors import CryptoError, LocalProtocolError
from restante.protocol.group import SENDER_CHAIN_LENGTH
from restante.protocol.limits import BUCKETS
from tests.crypto.people import RANDOM

GROUP = b"g" * 32
DEVICE = b"d" * 16


def test_whoever_has_the_chain_reads_in_any_order() -> None:
    chain = begin(RANDOM, GROUP, DEVICE)
    reader = accept(chain.shared(), GROUP, DEVICE)
    expected = reader.expected()
    envelopes = []
    for number in range(5):
        chain, envelope = seal(chain, b"%d" % number, randomness=RANDOM)
        assert len(envelope) == BUCKETS[0]
        assert expected[envelope[:16]] == number  # type: ignore[index]  # a tag is bytes
        envelopes.append(envelope)
    for number in (3, 0, 4, 1, 2):
        stored = sender_keys.stored_reader(
            reader.pack(), id=reader.id, group=GROUP, number=reader.number
        )
        reader, content = open_message(stored, number, envelopes[number])
        assert content == b"%d" % number
    assert not reader.skipped


def test_who_comes_later_reads_nothing_from_before() -> None:
    chain = begin(RANDOM, GROUP, DEVICE)
    chain, before = seal(chain, b"before", randomness=RANDOM)
    assert sender_keys.has_sent(chain, before[:16])
    assert not sender_keys.has_sent(chain, bytes(16))
    late = accept(chain.shared(), GROUP, DEVICE)
    assert before[:16] not in late.expected()
    with pytest.raises(CryptoError):
        open_message(late, 0, before)
    chain, after = seal(chain, b"after", randomness=RANDOM)
    assert open_message(late, 1, after)[1] == b"after"


def test_a_reader_cannot_write_in_the_senders_name() -> None:
    chain = begin(RANDOM, GROUP, DEVICE)
    reader = accept(chain.shared(), GROUP, DEVICE)
    forger = begin(RANDOM, GROUP, DEVICE)
    forged = sender_keys.SenderChain(
        id=reader.id,
        group=GROUP,
        number=0,
        chain=reader.chain,
        tags=reader.tags,
        signing=forger.signing,
    )
    _, envelope = seal(forged, b"I am somebody else", randomness=RANDOM)
    with pytest.raises(CryptoError):
        open_message(reader, 0, envelope)


def test_nothing_opens_twice_in_another_place_or_in_another_group() -> None:
    chain = begin(RANDOM, GROUP, DEVICE)
    reader = accept(chain.shared(), GROUP, DEVICE)
    elsewhere = accept(chain.shared(), b"h" * 32, DEVICE)
    chain, envelope = seal(chain, b"once", randomness=RANDOM)
    with pytest.raises(CryptoError):
        open_message(elsewhere, 0, envelope)
    with pytest.raises(CryptoError):
        open_message(reader, 1, envelope)
    reader, _ = open_message(reader, 0, envelope)
    with pytest.raises(CryptoError):
        open_message(reader, 0, envelope)


def test_the_group_stands_beside_what_is_sealed_and_not_in_the_signature_alone() -> None:
    chain = begin(RANDOM, GROUP, DEVICE)
    _, envelope = seal(chain, b"here", randomness=RANDOM)
    key = kdf.body_key(kdf.chain_step(chain.chain)[1])
    before = labels.SENDER_DATA + labels.SUITE_BYTE
    after = chain.id + bytes(4) + envelope[:16]
    opened = aead.open_sealed(key, envelope[16:], associated=before + GROUP + after)
    assert b"here" in opened
    with pytest.raises(CryptoError):
        aead.open_sealed(key, envelope[16:], associated=before + b"h" * 32 + after)


def test_every_flipped_byte_is_refused_and_changes_nothing() -> None:
    chain = begin(RANDOM, GROUP, DEVICE)
    reader = accept(chain.shared(), GROUP, DEVICE)
    _, envelope = seal(chain, b"whole", randomness=RANDOM)
    for at in range(0, len(envelope), 97):
        changed = bytearray(envelope)
        changed[at] ^= 0x40
        with pytest.raises(CryptoError):
            open_message(reader, 0, bytes(changed))
    assert open_message(reader, 0, envelope)[1] == b"whole"


def test_a_chain_ends() -> None:
    chain = begin(RANDOM, GROUP, DEVICE)
    reader = accept(chain.shared(), GROUP, DEVICE)
    for _ in range(SENDER_CHAIN_LENGTH):
        chain, _ = seal(chain, b"", randomness=RANDOM)
    with pytest.raises(LocalProtocolError):
        seal(chain, b"", randomness=RANDOM)
    with pytest.raises(CryptoError):
        open_message(reader, SENDER_CHAIN_LENGTH, bytes(BUCKETS[0]))
    with pytest.raises(LocalProtocolError):
        seal(begin(RANDOM, GROUP, DEVICE), bytes(BUCKETS[-1]), randomness=RANDOM)


def test_what_is_stored_of_ones_own_chain_goes_on() -> None:
    chain = begin(RANDOM, GROUP, DEVICE)
    reader = accept(chain.shared(), GROUP, DEVICE)
    chain, _ = seal(chain, b"first", randomness=RANDOM)
    again = sender_keys.stored_sender(chain.pack(), id=chain.id, group=GROUP, number=chain.number)
    _, envelope = seal(again, b"second", randomness=RANDOM)
    assert open_message(reader, 1, envelope)[1] == b"second"


def test_who_hands_a_chain_on_as_their_own_opens_and_hides_nothing_with_it() -> None:
    chain = begin(RANDOM, GROUP, DEVICE)
    reader = accept(chain.shared(), GROUP, DEVICE)
    copied = accept(chain.shared(), GROUP, b"m" * 16)
    _, envelope = seal(chain, b"mine", randomness=RANDOM)
    assert copied.id != reader.id
    assert not copied.expected().keys() & reader.expected().keys()
    with pytest.raises(CryptoError):
        open_message(copied, 0, envelope)
    assert open_message(reader, 0, envelope)[1] == b"mine"
