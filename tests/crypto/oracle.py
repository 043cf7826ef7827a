"""The `DoubleRatchet` library, dressed so that its envelopes must equal ours byte for byte.

It has no KEM, no header encryption and no lookup tags, so this module adds them a second time:
the DH step returns DH || KEM secret, the root KDF yields 96 bytes of which the library takes 64,
and the third key seals headers. All of it is built on `cryptography` and hashlib alone, XChaCha20
included; nothing of `restante` is imported. Keys, nonces and encapsulations come from a tape that
our own implementation recorded while it did the same step first.
"""

from __future__ import annotations

import hashlib
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from doubleratchet import DoubleRatchet, EncryptedMessage, Header
from doubleratchet import aead as oracle_aead
from doubleratchet import diffie_hellman_ratchet as oracle_dh
from doubleratchet import kdf as oracle_kdf
from doubleratchet.recommended import HashFunction, kdf_separate_hmacs

if TYPE_CHECKING:
    from collections.abc import Coroutine

_T = TypeVar("_T")


def run(coroutine: Coroutine[Any, Any, _T]) -> _T:
    """Run a coroutine that never waits, as all of the library's are."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value  # type: ignore[no-any-return]
    raise RuntimeError("the oracle waited for something")


def hkdf(salt: bytes, secret: bytes, info: bytes, size_bytes: int) -> bytes:
    return HKDF(algorithm=SHA256(), length=size_bytes, salt=salt, info=info).derive(secret)


def _hchacha20(key: bytes, nonce: bytes) -> bytes:
    """draft-irtf-cfrg-xchacha-03, section 2.2."""
    words = b"expand 32-byte k" + key + nonce
    state = [int.from_bytes(words[at : at + 4], "little") for at in range(0, 64, 4)]

    def quarter(a: int, b: int, c: int, d: int) -> None:
        for to, other, xored, bits in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
            state[to] = (state[to] + state[other]) & 0xFFFFFFFF
            mixed = state[xored] ^ state[to]
            state[xored] = ((mixed << bits) | (mixed >> (32 - bits))) & 0xFFFFFFFF

    for _ in range(10):
        for column in range(4):
            quarter(column, column + 4, column + 8, column + 12)
        quarter(0, 5, 10, 15)
        quarter(1, 6, 11, 12)
        quarter(2, 7, 8, 13)
        quarter(3, 4, 9, 14)
    return b"".join(state[at].to_bytes(4, "little") for at in (0, 1, 2, 3, 12, 13, 14, 15))


def xchacha_seal(key: bytes, nonce: bytes, plaintext: bytes, data: bytes) -> bytes:
    inner = ChaCha20Poly1305(_hchacha20(key, nonce[:16]))
    return inner.encrypt(bytes(4) + nonce[16:], plaintext, data)


def xchacha_open(key: bytes, nonce: bytes, sealed: bytes, data: bytes) -> bytes:
    inner = ChaCha20Poly1305(_hchacha20(key, nonce[:16]))
    return inner.decrypt(bytes(4) + nonce[16:], sealed, data)


def public_of(secret: bytes) -> bytes:
    return X25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()


def kem_public_of(seed: bytes) -> bytes:
    return MLKEM768PrivateKey.from_seed_bytes(seed).public_key().public_bytes_raw()


@dataclass
class KemBook:
    """Which KEM seed and which encapsulation belong to each X25519 key. Shared by both sides."""

    seeds: dict[bytes, bytes] = field(default_factory=dict)
    sent: dict[bytes, tuple[bytes, bytes]] = field(default_factory=dict)
    """X25519 key -> (the X25519 key whose KEM key was encapsulated to, the ciphertext)."""

    def secret(self, one: bytes, other: bytes) -> bytes:
        """Return what the later of two keys encapsulated to the earlier, by decapsulating it."""
        for later, earlier in ((one, other), (other, one)):
            to, ciphertext = self.sent.get(later, (b"", b""))
            if to == earlier:
                key = MLKEM768PrivateKey.from_seed_bytes(self.seeds[earlier])
                return key.decapsulate(ciphertext)
        raise RuntimeError("no encapsulation between these keys")


class OracleSide:
    """One side of a conversation, run by the library."""

    def __init__(
        self, book: KemBook, *, own_id: bytes, peer_id: bytes, header_key: bytes, heads: bytes
    ) -> None:
        self.book = book
        self.own_id, self.peer_id = own_id, peer_id
        self.header_keys = [header_key]
        self.heads = heads
        self.ratchet_secrets: deque[bytes] = deque()
        self.nonces: deque[bytes] = deque()
        self.opened_with: bytes = b""
        self._thirds: list[bytes] = []
        self._sealed_header = b""
        self._library: DoubleRatchet | None = None
        self._parts = self._library_parts()

    def start(self, root: bytes, peer_key: bytes, content: bytes) -> bytes:
        """Begin as the initiator and return the first envelope."""
        self._library, message = run(
            self._parts["double"].encrypt_initial_message(
                shared_secret=root,
                recipient_ratchet_pub=peer_key,
                message=content,
                associated_data=b"",
                **self._settings(),
            )
        )
        self._note_sending_step()
        return self._envelope(message)

    def accept(self, root: bytes, own_secret: bytes, header: Header, sealed: bytes) -> bytes:
        """Begin as the responder and return the first content."""
        self._take_apart(sealed)
        self._library, content = run(
            self._parts["double"].decrypt_initial_message(
                shared_secret=root,
                own_ratchet_priv=own_secret,
                message=EncryptedMessage(header=header, ciphertext=sealed[2432:]),
                associated_data=b"",
                **self._settings(),
            )
        )
        self._note_sending_step()
        return content

    def seal(self, content: bytes) -> bytes:
        """Return the next envelope."""
        self._sealed_header = b""
        message = run(self._library.encrypt_message(content, b""))  # type: ignore[union-attr]
        return self._envelope(message)

    def open(self, header: Header, sealed: bytes) -> bytes:
        """Return the padded content of an envelope; raises what the library raises."""
        self._take_apart(sealed)
        message = EncryptedMessage(header=header, ciphertext=sealed[2432:])
        content = run(self._library.decrypt_message(message, b""))  # type: ignore[union-attr]
        self._note_sending_step()
        return content

    def _note_sending_step(self) -> None:
        # A root step's third key is the *next* header key of its direction; the sending step comes
        # last, if there was a step at all.
        if self._thirds:
            self.header_keys.append(self._thirds[-1])
            self._thirds.clear()

    def _take_apart(self, sealed: bytes) -> None:
        sender, recipient = self.peer_id, self.own_id
        self.opened_with = (
            b"restante/v1/body\x00\x01" + recipient + sender + self.heads + sealed[:16]
        ) + sealed[40:2432]

    def _envelope(self, message: EncryptedMessage) -> bytes:
        return self._sealed_header + message.ciphertext

    def _header_key(self) -> bytes:
        # Within the very first message the sending step has not been noted yet.
        steps = len(self.header_keys) - 1 if not self._thirds else len(self.header_keys)
        return self.header_keys[steps - 1]

    def _seal_header(self, header: Header) -> bytes:
        key = self._header_key()
        number = header.sending_chain_length.to_bytes(4, "big")
        tag = hashlib.blake2b(b"restante/v1/tag\x00" + number, digest_size=16, key=key).digest()
        plaintext = b"".join(
            (
                header.ratchet_pub,
                kem_public_of(self.book.seeds[header.ratchet_pub]),
                self.book.sent[header.ratchet_pub][1],
                header.previous_sending_chain_length.to_bytes(4, "big"),
                number,
                self.heads,
            )
        )
        nonce = self.nonces.popleft()
        data = b"restante/v1/header\x00\x01" + self.peer_id + tag
        sealed = xchacha_seal(key, nonce, plaintext, data)
        self._sealed_header = tag + nonce + sealed
        return b"restante/v1/body\x00\x01" + self.peer_id + self.own_id + self.heads + tag + sealed

    def _settings(self) -> dict[str, Any]:
        return {
            "diffie_hellman_ratchet_class": self._parts["dh"],
            "root_chain_kdf": self._parts["root"],
            "message_chain_kdf": self._parts["chain"],
            "message_chain_constant": b"\x02\x01",  # next chain key first, message key second
            "dos_protection_threshold": 1000,
            "max_num_skipped_message_keys": 2000,
            "aead": self._parts["aead"],
        }

    def _library_parts(side) -> dict[str, Any]:  # noqa: N805 - `self` is the inner classes' own
        class Root(oracle_kdf.KDF):
            @staticmethod
            async def derive(key: bytes, data: bytes, length: int) -> bytes:
                out = hkdf(key, data, b"restante/v1/root\x00", 96)
                side._thirds.append(out[64:])
                return out[:length]

        class Chain(kdf_separate_hmacs.KDF):
            @staticmethod
            def _get_hash_function() -> HashFunction:
                return HashFunction.SHA_256

        class Agreement(oracle_dh.DiffieHellmanRatchet):
            @staticmethod
            def _generate_priv() -> bytes:
                return side.ratchet_secrets.popleft()

            @staticmethod
            def _derive_pub(priv: bytes) -> bytes:
                return public_of(priv)

            @staticmethod
            def _perform_diffie_hellman(own_priv: bytes, other_pub: bytes) -> bytes:
                own = X25519PrivateKey.from_private_bytes(own_priv)
                agreed = own.exchange(X25519PublicKey.from_public_bytes(other_pub))
                return agreed + side.book.secret(public_of(own_priv), other_pub)

        class Aead(oracle_aead.AEAD):
            @staticmethod
            async def encrypt(plaintext: bytes, key: bytes, associated_data: bytes) -> bytes:
                body_key = hkdf(bytes(32), key, b"restante/v1/message\x00", 32)
                nonce = side.nonces.popleft()
                return nonce + xchacha_seal(body_key, nonce, plaintext, associated_data)

            @staticmethod
            async def decrypt(ciphertext: bytes, key: bytes, associated_data: bytes) -> bytes:
                body_key = hkdf(bytes(32), key, b"restante/v1/message\x00", 32)
                return xchacha_open(body_key, ciphertext[:24], ciphertext[24:], associated_data)

        class Double(DoubleRatchet):
            @staticmethod
            def _build_associated_data(associated_data: bytes, header: Header) -> bytes:
                if side.opened_with:
                    data, side.opened_with = side.opened_with, b""
                    return data
                return side._seal_header(header)

        return {"root": Root, "chain": Chain, "dh": Agreement, "aead": Aead, "double": Double}
