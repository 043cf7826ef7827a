"""Attack 26: Ed25519 keys and signatures of small or mixed order, or in a second spelling, which
some verifiers accept: one signature then holds for many messages, or for some people only.

Held by: libsodium verifies, and only for keys that are canonical points of the prime-order group.
All the bad values are made here, from the eight torsion points and both encodings.
"""

from __future__ import annotations

import hashlib

import pytest
from nacl.bindings import crypto_sign_open
from nacl.exceptions import CryptoError as SodiumError

from restante.crypto import signatures, statements
from restante.crypto.keys import DeviceKey
from restante.errors import CryptoError
from tests.crypto.people import RANDOM

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
Point = tuple[int, int]
IDENTITY: Point = (0, 1)
NONCE = b"\x07" * 32


def add(one: Point, other: Point) -> Point:
    (x1, y1), (x2, y2) = one, other
    cross = D * x1 * x2 * y1 * y2 % P
    return (
        (x1 * y2 + x2 * y1) * pow(1 + cross, -1, P) % P,
        (y1 * y2 + x1 * x2) * pow(1 - cross, -1, P) % P,
    )


def times(factor: int, point: Point) -> Point:
    result = IDENTITY
    while factor:
        if factor & 1:
            result = add(result, point)
        point, factor = add(point, point), factor >> 1
    return result


def x_of(y: int, sign: int) -> int | None:
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - square) % P:
        return None
    return P - x if x % 2 != sign else x


def encode(point: Point) -> bytes:
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


def encodings(point: Point) -> list[bytes]:
    """Return the canonical encoding first, then every other that names the same point."""
    x, y = point
    signs = {x & 1, 1} if x == 0 else {x & 1}
    spellings = [
        (value | sign << 255).to_bytes(32, "little")
        for value in (y, y + P)
        if value < 2**255
        for sign in signs
    ]
    canonical = encode(point)
    return [canonical, *(each for each in spellings if each != canonical)]


def torsion() -> list[Point]:
    for y in range(2, 100):
        x = x_of(y, 0)
        generator = None if x is None else times(L, (x, y))
        if generator is not None and times(4, generator) != IDENTITY:
            return [times(factor, generator) for factor in range(8)]
    raise RuntimeError("no point of order eight")


BASE_Y = 4 * pow(5, -1, P) % P
BASE: Point = (x_of(BASE_Y, 0) or 0, BASE_Y)
TORSION = torsion()


def challenge(r: bytes, key: bytes, message: bytes) -> int:
    return int.from_bytes(hashlib.sha512(r + key + message).digest(), "little") % L


def accepts(key: bytes, signature: bytes) -> bool:
    """Whether our verification accepts a login signature by that key."""
    try:
        signatures.verify_authentication(
            DeviceKey(key), authority="relay.example", nonce=NONCE, signature=signature
        )
    except CryptoError:
        return False
    return True


def message_of(key: bytes) -> bytes:
    return statements.authenticate(authority="relay.example", nonce=NONCE, key=DeviceKey(key))


def sodium_accepts(key: bytes, signature: bytes) -> bool:
    try:
        crypto_sign_open(signature + message_of(key), key)
    except SodiumError:
        return False
    return True


def signed(key: bytes, secret: int, *, r_offset: Point = IDENTITY) -> bytes:
    nonce = int.from_bytes(RANDOM.random(64), "little") % L
    r = encode(add(times(nonce, BASE), r_offset))
    s = (nonce + challenge(r, key, message_of(key)) * secret) % L
    return r + s.to_bytes(32, "little")


SECRET = 0x1234567890ABCDEF << 128 | 5
HONEST = times(SECRET, BASE)


def test_the_torsion_points_are_the_eight() -> None:
    assert len(set(TORSION)) == 8
    assert all(times(8, point) == IDENTITY for point in TORSION)
    assert len({each for point in TORSION for each in encodings(point)}) == 14
    key = encode(HONEST)
    assert accepts(key, signed(key, SECRET))


@pytest.mark.parametrize("index", range(8))
def test_a_key_of_small_order_signs_nothing(index: int) -> None:
    for key in encodings(TORSION[index]):
        for s in range(40):
            # With the identity as key every R = [s]B verifies; with others, one in eight.
            signature = encode(times(s, BASE)) + s.to_bytes(32, "little")
            assert not accepts(key, signature)


@pytest.mark.parametrize("index", range(1, 8))
def test_a_key_of_mixed_order_signs_nothing(index: int) -> None:
    key = encode(add(HONEST, TORSION[index]))
    # The torsion part vanishes when the challenge is a multiple of its order.
    accepted_by_sodium = 0
    for _ in range(400):
        signature = signed(key, SECRET)
        accepted_by_sodium += sodium_accepts(key, signature)
        assert not accepts(key, signature)
        if accepted_by_sodium:
            break
    assert accepted_by_sodium, "the point check would have nothing to do"


@pytest.mark.parametrize("index", range(8))
def test_a_signature_with_a_nonce_of_small_or_mixed_order_is_refused(index: int) -> None:
    key = encode(HONEST)
    if index:
        assert not accepts(key, signed(key, SECRET, r_offset=TORSION[index]))
    for r in encodings(TORSION[index]):
        s = challenge(r, key, message_of(key)) * SECRET % L
        assert not accepts(key, r + s.to_bytes(32, "little"))


def test_a_signature_has_one_spelling() -> None:
    key = encode(HONEST)
    good = signed(key, SECRET)
    s = int.from_bytes(good[32:], "little")
    assert accepts(key, good)
    for factor in range(1, 16):
        if s + factor * L < 2**256:
            assert not accepts(key, good[:32] + (s + factor * L).to_bytes(32, "little"))


def test_a_key_in_a_second_spelling_is_another_key_and_refused() -> None:
    for y in range(19):
        for sign in (0, 1):
            x = x_of(y, sign)
            if x is None:
                continue
            noncanonical = (y + P | sign << 255).to_bytes(32, "little")
            assert not signatures._is_strict(noncanonical)
            assert not accepts(noncanonical, signed(noncanonical, SECRET))
