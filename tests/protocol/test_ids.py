"""Ids are labelled hashes, each under a label of its own."""

from __future__ import annotations

from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from restante.protocol import ids

KEY = bytes(range(32))
PIN = bytes(range(16))


def test_each_id_is_the_hash_that_the_specification_says() -> None:
    def hashed(label: bytes, data: bytes) -> bytes:
        return sha256(b"restante/v1/" + label + b"\x00" + data).digest()

    assert ids.account_id(KEY) == hashed(b"root-pin", KEY)[:16]
    assert ids.device_id(KEY) == hashed(b"device-id", KEY)[:16]
    assert ids.token_hash(ids.Token(PIN)) == hashed(b"token", PIN)
    assert ids.code_lookup_id(PIN[:8]) == hashed(b"code-lookup", PIN[:8])[:16]
    assert ids.link_pin(b"offer") == hashed(b"link-pin", b"offer")[:16]
    assert ids.link_slot(PIN[:8], 3) == hashed(b"link-slot", PIN[:8] + b"\x03")[:16]
    assert ids.blob_id(ids.BlobCapability(KEY)) == hashed(b"blob", KEY)
    assert ids.gone_name_hash(ids.AccountName("alice")) == hashed(b"gone-name", b"alice")
    assert ids.contact_pin(KEY, PIN) == hashed(b"contact-pin", KEY + PIN)[:16]
    assert ids.contact_pin(KEY, None) == hashed(b"contact-pin", KEY + bytes(16))[:16]


@given(st.lists(st.binary(max_size=8), max_size=4), st.lists(st.binary(max_size=8), max_size=4))
def test_prefixed_fields_can_be_read_in_one_way_only(one: list[bytes], other: list[bytes]) -> None:
    def joined(fields: list[bytes]) -> bytes:
        return ids.labelled("test", *map(ids.length_prefixed, fields))

    assert (joined(one) == joined(other)) is (one == other)


def test_a_label_ends_where_its_fields_begin() -> None:
    assert ids.labelled("a", b"b") == b"restante/v1/a\x00b"
    assert ids.labelled("a", b"b", b"c") != ids.labelled("ab", b"", b"c")
