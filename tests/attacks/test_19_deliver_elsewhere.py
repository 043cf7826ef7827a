"""Attack 19: an envelope is delivered to another device, or into another conversation.

Held by: tag and keys belong to one session; header and body are bound to both devices, both
manifest heads and each other.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from restante.crypto import envelope, message_part, ratchet
from restante.crypto.header import Heads
from restante.crypto.tags import tag as lookup_tag
from restante.errors import CryptoError
from restante.protocol.ids import DeviceId, LookupTag, ManifestHash
from tests.crypto.people import RANDOM, SOME_HEADS, a_person, begin, meet, open_message, seal


def test_an_envelope_opens_in_its_own_session_only() -> None:
    alice, bob, carol = a_person("alice"), a_person("bob"), a_person("carol")
    alices, bobs = meet(alice, bob)
    elsewhere = [meet(alice, bob)[1], meet(carol, bob)[1], meet(alice, carol)[1]]
    sealed = seal(alices, b"for bob").envelope
    for other in elsewhere:
        assert sealed[:16] not in other.expected_tags()
        with pytest.raises(CryptoError):
            open_message(other, sealed)
    assert open_message(bobs, sealed).content == b"for bob"


def test_a_hello_is_for_one_device() -> None:
    alice, bob, carol = a_person("alice"), a_person("bob"), a_person("carol")
    sealed = seal(begin(alice, bob), b"for bob").envelope
    assert envelope.hello_references(sealed, carol.device.device_id) is None


def test_a_copied_session_opens_nothing_on_another_device() -> None:
    alices, bobs = meet(a_person("alice"), a_person("bob"))
    sealed = seal(alices, b"for bob's device").envelope
    elsewhere = replace(bobs, facts=replace(bobs.facts, own_device=DeviceId(b"?" * 16)))
    from_another = replace(bobs, facts=replace(bobs.facts, peer_device=DeviceId(b"?" * 16)))
    for wrong in (elsewhere, from_another):
        with pytest.raises(CryptoError):
            open_message(wrong, sealed)


def test_a_header_is_bound_to_recipient_and_tag() -> None:
    alices, _ = meet(a_person("alice"), a_person("bob"))
    key = alices.ratchet.sending.header_key
    header = ratchet.send(alices.ratchet, SOME_HEADS)[1]
    tag, recipient = LookupTag(b"t" * 16), DeviceId(b"r" * 16)
    part = message_part.seal_header(key, header, tag=tag, recipient=recipient, randomness=RANDOM)
    assert message_part.open_header(key, part, tag=tag, recipient=recipient) == header
    with pytest.raises(CryptoError):
        message_part.open_header(key, part, tag=LookupTag(b"u" * 16), recipient=recipient)
    with pytest.raises(CryptoError):
        message_part.open_header(key, part, tag=tag, recipient=DeviceId(b"s" * 16))


OTHER_HASH = ManifestHash(b"\x77" * 32)


@pytest.mark.parametrize(
    "change",
    [
        {"sender": DeviceId(b"x" * 16)},
        {"recipient": DeviceId(b"x" * 16)},
        {"tag": LookupTag(b"x" * 16)},
        {"heads": Heads(sender=OTHER_HASH, recipient=SOME_HEADS.recipient)},
        {"heads": Heads(sender=SOME_HEADS.sender, recipient=OTHER_HASH)},
        {"sealed_header": True},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_body_is_bound_to_all_that_surrounds_it(change: dict[str, Any]) -> None:
    alices, _ = meet(a_person("alice"), a_person("bob"))
    state, header, key = ratchet.send(alices.ratchet, SOME_HEADS)
    tag = lookup_tag(state.sending.header_key, header.number)
    bound: dict[str, Any] = {
        "sender": DeviceId(b"s" * 16),
        "recipient": DeviceId(b"r" * 16),
        "tag": tag,
    }
    sealed_header = RANDOM.random(2416)
    body = message_part.seal_body(
        key,
        b"content",
        part_bytes=4080,
        sealed_header=sealed_header,
        opened=header,
        randomness=RANDOM,
        **bound,
    )
    right = message_part.open_body(key, sealed_header + body, opened=header, **bound)
    assert right == b"content"

    wrong, opened = {**bound, **change}, header
    if heads := wrong.pop("heads", None):
        opened = replace(header, heads=heads)
    if wrong.pop("sealed_header", None):
        sealed_header = sealed_header[:-1] + bytes([sealed_header[-1] ^ 1])
    with pytest.raises(CryptoError):
        message_part.open_body(key, sealed_header + body, opened=opened, **wrong)
