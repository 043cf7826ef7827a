"""Our own test vectors for the cryptography: how they are made, and so what they mean.

`python -m tests.vectors.crypto_vectors` writes tests/vectors/crypto-*.json anew; that is a change
of the protocol and needs a new version of it. Everything follows from fixed inputs, but for
encapsulations and HPKE, which the library draws itself: these are recorded and played back.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from restante.crypto import (
    blobs,
    codes,
    dh,
    hello,
    hpke,
    kdf,
    link_messages,
    signing,
    statements,
)
from restante.crypto import kem as kems
from restante.crypto import safety_number as numbers
from restante.crypto.codes import CodeSecret
from restante.crypto.keys import (
    BlobKey,
    ChainKey,
    HeaderKey,
    KemCiphertext,
    KemSecret,
    KemSeed,
    MessageKey,
    RatchetRoot,
    RatchetSecret,
    RootKey,
    RootSigningKey,
    SharedSecret,
)
from restante.crypto.linking import OldDevice
from restante.crypto.recovery_words import to_words
from restante.crypto.stored_session import serialise
from restante.crypto.tags import tag
from restante.protocol.address import Address
from restante.protocol.ids import BlobCapability, ManifestHash, Token, blob_id, contact_pin
from restante.protocol.linking import LinkSlot
from restante.protocol.manifest import PrekeyKind
from tests.crypto.devices_meeting import a_new_device, listing, meet_device
from tests.crypto.people import NOW_S, begin, make_person, open_hello, open_message, seal

if TYPE_CHECKING:
    from restante.crypto.keys import KemKey, XWingKey

HERE = Path(__file__).parent
Json = dict[str, Any]


class Tape:
    """Randomness that follows from a name; what the library draws is recorded, or played back."""

    def __init__(
        self,
        name: str,
        recorded: list[list[str]] | None = None,
        sealed: list[str] | None = None,
    ) -> None:
        self.name = name
        self.recorded: list[list[str]] = []
        self.sealed: list[str] = []
        self._played = None if recorded is None else iter(recorded)
        self._played_sealed = None if sealed is None else iter(sealed)
        self._drawn = 0

    def random(self, size_bytes: int, /) -> bytes:
        """SHAKE-256("<name>/<how many draws before>")."""
        seed = f"{self.name}/{self._drawn}".encode()
        self._drawn += 1
        return hashlib.shake_256(seed).digest(size_bytes)

    def encapsulate(self, key: KemKey, /) -> tuple[KemCiphertext, KemSecret]:
        if self._played is None:
            ciphertext, secret = kems.encapsulate(key)
        else:
            ciphertext_hex, secret_hex = next(self._played)
            ciphertext = KemCiphertext(bytes.fromhex(ciphertext_hex))
            secret = KemSecret(bytes.fromhex(secret_hex))
        self.recorded.append([ciphertext.raw.hex(), secret.raw.hex()])
        return ciphertext, secret

    def seal_to(self, key: XWingKey, plaintext: bytes, /, *, info: bytes) -> bytes:
        if self._played_sealed is None:
            sealed = hpke.seal(key, plaintext, info=info)
        else:
            sealed = bytes.fromhex(next(self._played_sealed))
        self.sealed.append(sealed.hex())
        return sealed


def filled(byte: int, size_bytes: int = 32) -> bytes:
    return bytes([byte]) * size_bytes


def derivations() -> Json:
    """Each step from one secret to the next."""
    shared = [SharedSecret(filled(byte)) for byte in (1, 2, 3, 4)]
    kem, transcript = KemSecret(filled(5)), filled(6)
    inputs = {
        "dh1": shared[0].raw.hex(),
        "dh2": shared[1].raw.hex(),
        "dh3": shared[2].raw.hex(),
        "dh4": shared[3].raw.hex(),
        "kem_secret": kem.raw.hex(),
        "transcript": transcript.hex(),
        "root": filled(7).hex(),
        "chain": filled(8).hex(),
        "message_key": filled(9).hex(),
        "header_key": filled(10).hex(),
    }
    chain, message = kdf.chain_step(ChainKey(filled(8)))
    return {
        "inputs": inputs,
        "introduction_key": kdf.introduction_key(transcript, shared[1:], kem).raw.hex(),
        "introduction_key_without_one_time": kdf.introduction_key(
            transcript, shared[1:3], kem
        ).raw.hex(),
        "session_keys": [key.raw.hex() for key in kdf.session_keys(transcript, shared, kem)],
        "root_step": [
            key.raw.hex() for key in kdf.root_step(RatchetRoot(filled(7)), shared[0], kem)
        ],
        "chain_step": {"chain": chain.raw.hex(), "message_key": message.raw.hex()},
        "body_key": kdf.body_key(MessageKey(filled(9))).raw.hex(),
        "tags": {
            str(number): tag(HeaderKey(filled(10)), number).hex()
            for number in (0, 1, 63, 64, 2**32 - 1)
        },
        "sender_tags": kdf.sender_tags(HeaderKey(filled(10)), filled(14, 16)).raw.hex(),
        "x25519": dh.agree(
            RatchetSecret(filled(11)), dh.ratchet_pair(RatchetSecret(filled(12))).public
        ).raw.hex(),
        "kem_public_sha256": hashlib.sha256(
            kems.KemKeyPair(KemSeed(filled(13, 64))).public.raw
        ).hexdigest(),
    }


def signed_things() -> Json:
    """One signature of every context, by known keys."""
    tape = Tape("signed things")
    person = make_person("alice", randomness=tape, one_time=0)
    device, manifest = person.device, person.manifest.signed
    prekey = signing.sign_prekey(
        device.signing, PrekeyKind.SIGNED, prekey_id=7, key=filled(1), expires_at_s=NOW_S
    )
    head = ManifestHash(filled(2))
    return {
        "root_seed": person.account.root.raw.hex(),
        "account_seed": person.account.account.raw.hex(),
        "device_seed": device.signing.raw.hex(),
        "identity_secret": device.identity.secret.raw.hex(),
        "account_id": person.manifest.account_id.hex(),
        "device_id": device.device_id.hex(),
        "manifest": manifest.to_bytes().hex(),
        "manifest_head": person.manifest.head.hex(),
        "prekey_statement": statements.prekey(
            kind=prekey.kind,
            prekey_id=prekey.id,
            expires_at_s=prekey.expires_at_s,
            device=device.device_id,
            key=prekey.key,
        ).hex(),
        "prekey_signature": prekey.signature.hex(),
        "login_signature": signing.sign_authentication(
            device.signing, authority="relay.example:443", nonce=filled(3)
        ).hex(),
        "heartbeat_signature": signing.sign_heartbeat(
            device.signing, head, at_s=NOW_S
        ).signature.hex(),
        "deletion_signature": signing.sign_deletion(person.account.account, head).hex(),
        "moved": signing.sign_moved(
            person.account.root,
            from_address=person.manifest.address,
            to_address=Address.parse("alice@other.example:8443"),
            at_s=NOW_S,
        )
        .to_bytes()
        .hex(),
    }


def codes_and_numbers() -> Json:
    """Contact codes, pins and a safety number."""
    secret, root = CodeSecret(filled(1, 8)), RootKey(filled(2))
    sealed = codes.seal_token(secret, Token(filled(3, 16)), randomness=Tape("codes"))
    return {
        "secret": secret.raw.hex(),
        "lookup_id": codes.lookup_id(secret).hex(),
        "token": filled(3, 16).hex(),
        "sealed_token": sealed.hex(),
        "root_key": root.raw.hex(),
        "contact_pin": contact_pin(root.raw, None).hex(),
        "contact_pin_with_relay": contact_pin(root.raw, filled(4, 16)).hex(),
        "other_root_key": filled(5).hex(),
        "safety_number": numbers.safety_number(root, RootKey(filled(5))),
        "safety_qr": numbers.safety_qr(root, RootKey(filled(5))).decode(),
    }


def conversation(recorded: list[list[str]] | None) -> Json:
    """A hello and its answer, whole: all keys, draws and bytes."""
    tape = Tape("conversation", recorded)
    alice = make_person("alice", randomness=tape, one_time=1)
    bob = make_person("bob", randomness=tape, one_time=1)
    first = seal(begin(alice, bob, randomness=tape), b"hello", randomness=tape)
    references = hello.parse(first.envelope, bob.device.device_id)
    _, arrived = open_hello(bob, first.envelope, randomness=tape)
    answer = seal(arrived.session, b"welcome", randomness=tape)
    opened = open_message(first.session, answer.envelope)
    if references is None or opened.content != b"welcome":
        raise RuntimeError("the conversation failed")
    facts = opened.session.facts
    return {
        "encapsulations": tape.recorded,
        "initiator_manifest": alice.manifest.signed.to_bytes().hex(),
        "responder_manifest": bob.manifest.signed.to_bytes().hex(),
        "responder_prekeys": {
            str(number): prekey.secret.raw.hex() for number, prekey in bob.prekeys.items()
        },
        "session_id": facts.session_id.hex(),
        "hello_tag": references.references.tag.hex(),
        "hello_envelope": first.envelope.hex(),
        "initiator_state": serialise(first.session).hex(),
        "responder_state": serialise(arrived.session).hex(),
        "answer_envelope": answer.envelope.hex(),
    }


def linking(sealed: list[str] | None) -> Json:
    """A device is linked, another one is refused: the code, all slots, the digits."""
    tape = Tape("linking", sealed=sealed)
    alice = make_person("alice", randomness=tape, one_time=0)
    new = a_new_device(alice, name="laptop", randomness=tape)
    old = OldDevice.open(tape, new.code, new.offer)
    acceptance = old.reply(alice.manifest.root)
    reveal, digits = new.accept(acceptance)
    old.reveal(reveal)
    if not old.confirm(digits):
        raise RuntimeError("the linking failed")
    verdict = old.grant(listing(alice, old.entry), b"provision")
    grant = new.finish(verdict)
    refused = a_new_device(alice, randomness=tape)
    refusing, _ = meet_device(alice, refused, randomness=tape)
    return {
        "sealed_to": tape.sealed,
        "account_manifest": alice.manifest.signed.to_bytes().hex(),
        "new_device_seed": new._device.signing.raw.hex(),
        "xwing_seed": new._seed.raw.hex(),
        "xwing_key_sha256": hashlib.sha256(hpke.public_key(new._seed).raw).hexdigest(),
        "code": str(new.code),
        "slot_ids": [new.slot(slot).hex() for slot in LinkSlot],
        "offer": new.offer.hex(),
        "acceptance": acceptance.hex(),
        "transcript": link_messages.transcript(new.code, new.offer, acceptance).hex(),
        "link_secret": old._link_secret.raw.hex(),
        "reveal": reveal.hex(),
        "digits": digits,
        "verdict_sha256": hashlib.sha256(verdict).hexdigest(),
        "granted_manifest": grant.manifest.signed.to_bytes().hex(),
        "abort_sha256": hashlib.sha256(refusing.abort()).hexdigest(),
        "cancel": refused.cancel().hex(),
    }


def sealed_blobs() -> Json:
    """A small blob and one of several chunks, by their hashes; and the words of a secret."""
    key, capability = BlobKey(filled(1)), BlobCapability(filled(2))
    sealed = {
        length: blobs.seal_blob(
            key, filled(3, length), blob=blob_id(capability), randomness=Tape(f"blob of {length}")
        )
        for length in (0, 4, 200_000)
    }
    return {
        "key": key.raw.hex(),
        "capability": capability.hex(),
        "blob": blob_id(capability).hex(),
        "filling": "03",
        "sealed": {
            str(length): {
                "bytes": len(blob),
                "header": blob[:24].hex(),
                "sha256": hashlib.sha256(blob).hexdigest(),
            }
            for length, blob in sealed.items()
        },
        "sizes": {
            str(length): blobs.sealed_size(length)
            for length in (0, 65_528, 65_529, 10**6, 10**8, 10**9, 2**40)
        },
        "root_seed": filled(4).hex(),
        "words": " ".join(to_words(RootSigningKey(filled(4)))),
    }


def documents(
    recorded: list[list[str]] | None = None, sealed: list[str] | None = None
) -> dict[str, Json]:
    """Return each vector file's name and content."""
    return {
        "crypto-derivations.json": derivations(),
        "crypto-signatures.json": signed_things(),
        "crypto-codes.json": codes_and_numbers(),
        "crypto-conversation.json": conversation(recorded),
        "crypto-linking.json": linking(sealed),
        "crypto-blobs.json": sealed_blobs(),
    }


def main() -> None:
    """Write the files anew."""
    for name, content in documents().items():
        (HERE / name).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
