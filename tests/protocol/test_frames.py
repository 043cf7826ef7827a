"""Every frame: it reads back, and cut or changed it is another frame or an error, never more."""

from __future__ import annotations

import random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from restante.errors import RemoteProtocolError
from restante.protocol import frames as f
from restante.protocol.codec import decode, decode_tagged, encode
from restante.protocol.limits import (
    BUCKETS,
    MAX_ACK_IDS,
    MAX_BLOB_PART_BYTES,
    MAX_DEPOSIT_ITEMS,
    MAX_FANOUT_TARGETS,
    MAX_FRAME_BYTES,
    MAX_MANIFEST_BYTES,
    MAX_MANIFEST_LINKS,
    MAX_MOVED_BYTES,
    MAX_SLOT_BYTES,
    MAX_WAKE_ENDPOINT_CHARS,
)
from restante.protocol.manifest import Heartbeat
from tests.protocol.strategies import CLIENT_FRAMES, FRAMES, RELAY_FRAMES, any_frame, of
from tests.rounds import rounds

BY_TAG = f.by_tag(f.RelayFrame) | f.by_tag(f.ClientFrame)
each_frame = pytest.mark.parametrize("kind", FRAMES, ids=lambda kind: kind.__name__)


def parses(data: bytes) -> f.Frame | None:
    """Parse: a frame, or None if it raised what it may raise."""
    try:
        return decode_tagged(data, BY_TAG)
    except RemoteProtocolError:
        return None


@each_frame
@given(data=st.data())
@settings(max_examples=rounds(10, 2_000))
def test_a_frame_reads_back(kind: type[f.Frame], data: st.DataObject) -> None:
    frame = data.draw(of(kind))
    packed = encode(frame)
    assert decode_tagged(packed, BY_TAG) == frame
    assert decode(packed, kind) == frame


@each_frame
@given(data=st.data())
@settings(max_examples=rounds(5, 200))
def test_a_truncated_frame_is_refused_at_every_length(
    kind: type[f.Frame], data: st.DataObject
) -> None:
    packed = encode(data.draw(of(kind)))
    chance = data.draw(st.randoms(use_true_random=False))
    lengths = range(len(packed))
    for length in lengths if len(packed) < 600 else chance.sample(lengths, 100):
        assert parses(packed[:length]) is None
    assert parses(packed + b"\xc0") is None


def mutated(packed: bytes, chance: random.Random) -> bytes:
    """Change, drop, double or insert a byte, or splice two parts."""
    changed = bytearray(packed)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(changed)) if chance.random() < 0.5 else chance.randrange(40)
        at = min(at, len(changed) - 1)
        match chance.randrange(5):
            case 0:
                changed[at] = chance.randrange(256)
            case 1:
                changed[at] ^= 1 << chance.randrange(8)
            case 2:
                del changed[at : at + chance.randint(1, 4)]
            case 3:
                changed[at:at] = chance.randbytes(chance.randint(1, 4))
            case _:
                start = chance.randrange(len(changed))
                changed[at:at] = changed[start : start + chance.randint(1, 64)]
        if not changed:
            return b""
    return bytes(changed)


@given(frame=any_frame(), chance=st.randoms(use_true_random=False))
@settings(max_examples=rounds(120, 20_000))
def test_a_changed_frame_is_a_frame_or_an_error(frame: f.Frame, chance: random.Random) -> None:
    packed = encode(frame)
    for _ in range(20):
        got = parses(mutated(packed, chance))
        if got is not None:
            assert decode_tagged(encode(got), BY_TAG) == got


def test_tags_are_unique_and_tell_the_sides_apart() -> None:
    assert len(BY_TAG) == len(FRAMES)
    assert set(f.by_tag(f.RelayFrame).values()) == set(RELAY_FRAMES)
    assert all(0 < tag < 32 for tag in f.by_tag(f.RelayFrame))
    assert all(32 <= tag < 128 for tag in f.by_tag(f.ClientFrame)), "one byte of msgpack"
    for tag, kind in BY_TAG.items():
        assert kind.__struct_config__.tag == tag
    for requests in (f.AnonymousRequest, f.DeviceRequest):
        for kind in requests.__args__:
            assert kind in CLIENT_FRAMES
            assert kind.__struct_fields__[0] == "request"
    for kind in f.Answer.__args__:
        assert kind in RELAY_FRAMES
        assert kind.__struct_fields__[0] == "request"


@each_frame
def test_frames_are_strict_and_frozen(kind: type[f.Frame]) -> None:
    config: Any = kind.__struct_config__
    assert (config.frozen, config.array_like, config.forbid_unknown_fields) == (True, True, True)
    required = msgspec.structs.fields(kind)
    assert all(field.required for field in required), "a default would make two spellings"


# ---- the fullest frames that the limits allow fit a frame ------------------------------------

ID = bytes(16)
LARGE = 0xFFFF_FFFF
HEARTBEAT = Heartbeat(manifest=bytes(32), at_s=LARGE, signing_key=bytes(32), signature=bytes(64))


def fits(frame: f.Frame) -> bool:
    packed = encode(frame)
    assert decode_tagged(packed, BY_TAG) == frame
    return len(packed) <= MAX_FRAME_BYTES


def test_a_full_deposit_of_each_bucket_fits_a_frame() -> None:
    target = f.Target(mailbox=ID, token=ID)
    for bucket, items in zip(BUCKETS, (MAX_DEPOSIT_ITEMS, 64, 16), strict=True):
        item = f.DepositItem(
            id=ID, ttl_s=LARGE, ephemeral=False, payload=bytes(bucket), targets=[target]
        )
        assert fits(f.Deposit(request=LARGE, is_retry=True, items=[item] * items))
        delivery = f.Delivery(id=ID, lane=1, payload=bytes(bucket))
        assert fits(f.Deliver(items=[delivery] * items))


def test_the_largest_fan_out_and_its_answer_fit_a_frame() -> None:
    item = f.DepositItem(
        id=ID,
        ttl_s=LARGE,
        ephemeral=False,
        payload=bytes(BUCKETS[-1]),
        targets=[f.Target(mailbox=ID, token=ID)] * MAX_FANOUT_TARGETS,
    )
    assert fits(f.Deposit(request=LARGE, is_retry=True, items=[item] * 7))
    outcome = f.TargetOutcome(outcome=0, retry_after_s=LARGE, expires_in_s=LARGE, limit=255)
    # No deposit that fits a frame has more targets: each takes 37 bytes with a token, 20 without.
    most = MAX_FRAME_BYTES // 20
    full, rest = divmod(most, MAX_FANOUT_TARGETS)
    assert fits(
        f.Deposited(
            request=LARGE, results=[[outcome] * MAX_FANOUT_TARGETS] * full + [[outcome] * rest]
        )
    )


def test_the_longest_lists_of_the_others_fit_a_frame() -> None:
    assert fits(f.Ack(ids=[ID] * MAX_ACK_IDS))
    link = bytes(MAX_MANIFEST_BYTES)
    moved = bytes(MAX_MOVED_BYTES)
    assert fits(
        f.ManifestFound(
            request=LARGE, links=[link] * MAX_MANIFEST_LINKS, heartbeat=HEARTBEAT, moved=moved
        )
    )
    assert fits(f.SetWake(request=LARGE, endpoint="w" * MAX_WAKE_ENDPOINT_CHARS))
    assert fits(f.SetWake(request=LARGE, endpoint=None))
    assert fits(f.PutSlot(request=LARGE, slot=ID, sealed=bytes(MAX_SLOT_BYTES)))
    part = bytes(MAX_BLOB_PART_BYTES)
    assert fits(f.PutBlob(request=LARGE, blob=bytes(32), offset=2**62, data=part))
    assert fits(f.BlobPart(request=LARGE, size_bytes=2**62, data=part))


# ---- fields with a grammar of their own -------------------------------------------------------


@pytest.mark.parametrize("name", ["", "Alice", "älice", "a" * 33, "alice\n", "-alice", "a b"])
def test_a_name_off_the_grammar_is_refused_on_the_wire(name: str) -> None:
    good = f.FetchManifest(request=1, name="alice", since_sequence=0)
    assert parses(encode(good)) == good
    assert parses(encode(msgspec.structs.replace(good, name=name))) is None


@pytest.mark.parametrize("length", [0, BUCKETS[0] - 1, BUCKETS[-1] + 1])
def test_a_payload_beyond_the_buckets_is_refused_on_the_wire(length: int) -> None:
    delivery = f.Delivery(id=ID, lane=0, payload=bytes(length))
    assert parses(encode(f.Deliver(items=[delivery]))) is None
