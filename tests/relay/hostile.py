"""What a hostile peer sends: frames that are wrong in every way we could think of, and streams.

Everything follows from the `chance` that is passed in.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Callable
from typing import Any, Final

import msgpack

from restante.protocol import frames as f
from restante.protocol.codec import encode
from restante.protocol.limits import (
    BUCKETS,
    MAX_BLOB_PART_BYTES,
    MAX_FRAGMENTS,
    MAX_FRAME_BYTES,
    MAX_SLOT_BYTES,
)
from tests.relay.raw_socket import (
    CLOSE,
    CONTINUATION,
    PING,
    PONG,
    TEXT,
    a_frame,
    opening,
)
from tests.rounds import rounds

Chance = random.Random

GREETING: Final = encode(f.Anonymous(version=f.VERSION))

# ---- frames that are allowed, and get the hostile nothing -----------------------------------


def _ids(chance: Chance, most: int) -> list[bytes]:
    return [chance.randbytes(16) for _ in range(chance.randint(1, most))]


def _request(chance: Chance) -> int:
    return chance.randrange(2**32)


def _deposit(chance: Chance) -> f.Deposit:
    items = [
        f.DepositItem(
            id=chance.randbytes(16),
            ttl_s=chance.choice((0, 1, 2**32 - 1)),
            ephemeral=chance.random() < 0.3,
            payload=bytes(BUCKETS[0]),
            targets=[
                f.Target(mailbox=mailbox, token=chance.choice((None, chance.randbytes(16))))
                for mailbox in _ids(chance, 4)
            ],
        )
        for _ in range(chance.randint(1, 2))
    ]
    return f.Deposit(request=_request(chance), is_retry=chance.random() < 0.5, items=items)


def _fetch_manifest(chance: Chance) -> f.FetchManifest:
    name = chance.choice(("nobody", "honest-alice", "a", "z" * 32))
    return f.FetchManifest(
        request=_request(chance), name=name, since_sequence=chance.choice((0, 1, 2**63 - 1))
    )


def _fetch_prekeys(chance: Chance) -> f.FetchPrekeys:
    return f.FetchPrekeys(
        request=_request(chance),
        name=chance.choice(("nobody", "honest-alice")),
        devices=_ids(chance, 32),
        token=chance.choice((None, chance.randbytes(16))),
    )


def _fetch_code(chance: Chance) -> f.FetchCode:
    return f.FetchCode(request=_request(chance), lookup_id=chance.randbytes(16))


def _put_slot(chance: Chance) -> f.PutSlot:
    sealed = bytes(chance.choice((1, 500, MAX_SLOT_BYTES)))
    return f.PutSlot(request=_request(chance), slot=chance.randbytes(16), sealed=sealed)


def _fetch_slot(chance: Chance) -> f.FetchSlot:
    return f.FetchSlot(request=_request(chance), slot=chance.randbytes(16))


def _fetch_blob(chance: Chance) -> f.FetchBlob:
    return f.FetchBlob(
        request=_request(chance),
        capability=chance.randbytes(32),
        offset=chance.choice((0, 1, 2**32, 2**63 - 1)),
        length=chance.choice((0, 1, MAX_BLOB_PART_BYTES)),
    )


_ALLOWED: Final[dict[Callable[[Chance], f.Frame], int]] = {
    _deposit: 1,
    _fetch_manifest: 1,
    _fetch_prekeys: 1,
    _fetch_blob: 1,
    _fetch_slot: 10,
    _put_slot: 1,
    # Past its gate it costs a relay least, so that most frames can be thrown.
    _fetch_code: rounds(85, 17),
}


def allowed_request(chance: Chance) -> bytes:
    """Return a request that the protocol allows and that is refused, or answered with nothing."""
    (make,) = chance.choices(list(_ALLOWED), list(_ALLOWED.values()))
    return encode(make(chance))


# ---- frames that end the connection ---------------------------------------------------------


def _not_now(chance: Chance) -> bytes:
    """What an anonymous connection may not say."""
    kinds: list[f.Frame] = [
        f.Anonymous(version=1),
        f.Authenticate(
            version=1,
            signing_key=chance.randbytes(32),
            authority="relay.example",
            signature=chance.randbytes(64),
        ),
        f.Subscribe(request=1),
        f.Ack(ids=_ids(chance, 4096)),
        f.FetchPrekeyState(request=1),
        f.FetchHoldings(request=1),
        f.Holdings(request=1, tables=[]),
        f.PublishCode(request=1, lookup_id=chance.randbytes(16), sealed=b"x"),
        f.Register(
            request=1,
            name="mallory",
            invite=chance.choice((None, chance.randbytes(8))),
            manifest=chance.randbytes(chance.randint(1, 8000)),
            tokens=[chance.randbytes(32) for _ in range(16)],
            ticket=chance.choice((None, chance.randbytes(16))),
        ),
        f.OpenBlob(request=1, blob=chance.randbytes(32), size_bytes=2**63 - 1, ttl_s=0),
        f.PutBlob(request=1, blob=chance.randbytes(32), offset=0, data=bytes(MAX_BLOB_PART_BYTES)),
        f.DeleteBlob(request=1, blob=chance.randbytes(32)),
        f.DeleteAccount(request=1, signature=chance.randbytes(64)),
        f.PublishMoved(request=1, moved=chance.randbytes(chance.randint(1, 512))),
        f.SetWake(request=1, endpoint="http://127.0.0.1/"),
        f.SlotFound(request=1, sealed=b"x"),
        f.BlobState(request=1, received_bytes=0, expires_in_s=0),
        f.Done(request=1),
        f.Drained(),
        f.Close(code=1, reason="", retry_after_s=0),
        f.Challenge(versions=[1], nonce=chance.randbytes(32)),
    ]
    return encode(chance.choice(kinds))


def _random_bytes(chance: Chance) -> bytes:
    return chance.randbytes(chance.choice((0, 1, 2, 7, 100, 5000)))


def _truncated(chance: Chance) -> bytes:
    message = allowed_request(chance)
    return message[: chance.randrange(len(message))]


def _extended(chance: Chance) -> bytes:
    return allowed_request(chance) + chance.randbytes(chance.randint(1, 9))


def _nested(chance: Chance) -> bytes:
    opener = chance.choice((b"\x91", b"\x81\x01", b"\xdc\x00\x01", b"\xdd\x00\x00\x00\x01"))
    return b"\x92\x2b" + opener * chance.choice((10, 1000, 100_000))


def _boastful(chance: Chance) -> bytes:
    """Heads of arrays, maps and strings that claim far more than there is."""
    claimed = struct.pack(">I", chance.choice((5000, 2**24, 2**31, 2**32 - 1)))
    return b"\x94\x2e" + chance.choice((b"\xdd", b"\xdf", b"\xc6", b"\xdb", b"\xc9")) + claimed


def _odd_types(chance: Chance) -> bytes:
    fields: list[Any] = [
        None, True, -1, 2**63, 1.5, "text", b"bytes", [], {}, {"a": 1}, msgpack.ExtType(5, b"x"),
    ]  # fmt: skip
    tag = chance.choice((*range(32, 34), *range(43, 55), 0, 255, -1, "46", None, 2**40))
    return bytes(msgpack.packb([tag, *chance.sample(fields, chance.randint(0, 6))]))


def _no_bucket(chance: Chance) -> bytes:
    size = chance.choice((0, 1, BUCKETS[0] - 1, BUCKETS[0] + 1, BUCKETS[1] - 1, BUCKETS[2] + 1))
    item = [chance.randbytes(16), 0, False, bytes(size), [[chance.randbytes(16), None]]]
    return bytes(msgpack.packb([46, 1, False, [item]]))


def _twice(chance: Chance) -> bytes:
    """Too many of something."""
    what = chance.choice(
        (
            [44, 1, "nobody", [bytes(16)] * 33, None],
            [46, 1, False, [[bytes(16), 0, False, bytes(4096), [[bytes(16), None]] * 2049]]],
            [46, 1, False, [[bytes(16), 0, True, bytes(4096), []]]],
            [46, 1, False, []],
            [47, 1, bytes(16), bytes(MAX_SLOT_BYTES + 1)],
            [47, 1, bytes(16), b""],
            [49, 1, bytes(32), 0, MAX_BLOB_PART_BYTES + 1],
            [49, 1, bytes(32), 2**63, 1],
        )
    )
    return bytes(msgpack.packb(what))


_FATAL: Final[tuple[Callable[[Chance], bytes], ...]] = (
    _not_now,
    _random_bytes,
    _truncated,
    _extended,
    _nested,
    _boastful,
    _odd_types,
    _no_bucket,
    _twice,
)


def fatal_message(chance: Chance) -> bytes:
    """Return a message after which the relay hangs up."""
    return chance.choice(_FATAL)(chance)


def mutated(chance: Chance) -> bytes:
    """Return a request with some bytes changed: it may be allowed or not."""
    message = bytearray(allowed_request(chance))
    for _ in range(chance.randint(1, 8)):
        message[chance.randrange(min(len(message), 200))] = chance.randrange(256)
    return bytes(message)


# ---- streams that break the WebSocket under them --------------------------------------------


def _fragments_without_end(chance: Chance) -> bytes:
    first = a_frame(b"", is_last=False)
    return first + a_frame(b"", opcode=CONTINUATION, is_last=False) * (
        MAX_FRAGMENTS + chance.randint(1, 2000)
    )


def _oversize_in_fragments(chance: Chance) -> bytes:
    piece = bytes(MAX_FRAME_BYTES // 4)
    rest = a_frame(piece, opcode=CONTINUATION, is_last=False) * 4
    return a_frame(piece, is_last=False) + rest + chance.randbytes(9)


def _oversize(_: Chance) -> bytes:
    return a_frame(bytes(MAX_FRAME_BYTES + 1))


def _boastful_frame(chance: Chance) -> bytes:
    claimed = chance.choice((MAX_FRAME_BYTES + 1, 2**31, 2**62, 2**63))
    return a_frame(chance.randbytes(5), claimed_bytes=claimed)


def _pings(chance: Chance) -> bytes:
    return a_frame(chance.randbytes(125), opcode=PING) * chance.randint(65, 400)


def _broken(chance: Chance) -> bytes:
    return chance.choice(
        (
            a_frame(GREETING, is_masked=False),
            a_frame(GREETING, reserved=chance.randint(1, 7)),
            a_frame(GREETING, opcode=chance.choice((3, 7, 11, 15))),
            a_frame(b"text", opcode=TEXT),
            a_frame(b"\xff\xfe", opcode=TEXT),
            a_frame(b"x", opcode=CONTINUATION),
            a_frame(b"x", is_last=False) + a_frame(GREETING),
            a_frame(bytes(126), opcode=PING),
            a_frame(b"", opcode=PING, is_last=False),
            a_frame(b"\x03", opcode=CLOSE),
            a_frame(struct.pack(">H", 1005), opcode=CLOSE),
            a_frame(struct.pack(">H", 1000) + b"\xff", opcode=CLOSE),
            a_frame(b"unasked", opcode=PONG) + a_frame(b"", opcode=CLOSE),
        )
    )


_STREAMS: Final[tuple[Callable[[Chance], bytes], ...]] = (
    _fragments_without_end,
    _oversize_in_fragments,
    _oversize,
    _boastful_frame,
    _pings,
    _broken,
    _broken,
    _broken,
)


def fatal_stream(chance: Chance) -> bytes:
    """Return bytes after which the relay hangs up, on an open WebSocket."""
    return chance.choice(_STREAMS)(chance)


_NOT_OPENINGS: Final[tuple[Callable[[Chance], bytes], ...]] = (
    lambda _: b"GET / HTTP/1.1\r\nHost: relay.example\r\n\r\n",
    lambda _: b"POST /_matrix HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello",
    lambda _: b"GET / HTTP/1.0\r\n\r\n",
    lambda _: b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500),
    lambda _: b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    lambda _: b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
    lambda chance: chance.randbytes(300) + b"\r\n\r\n",
    lambda _: b"GET / HTTP/1.1\r\n" + b"X-Header: " + b"x" * 200_000,
    lambda _: b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 40_000,
    lambda _: opening(subprotocol=None),
    lambda _: opening(subprotocol="chat, restante.v0"),
    lambda _: opening(version="8"),
    lambda _: opening(key=b"short"),
    lambda _: opening().replace(b"GET", b"PUT"),
)


def no_opening(chance: Chance) -> bytes:
    """Return what is no opening of a WebSocket that speaks our protocol."""
    return chance.choice(_NOT_OPENINGS)(chance)
