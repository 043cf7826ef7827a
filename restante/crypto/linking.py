"""The linking exchange: a new device joins an account, and six digits prove that nobody is between.

Two classes, one a side, bytes in and out; whoever holds them puts each message into its slot.
Rule: each step is taken once, in its order, and a step that fails ends the linking, so a wrong
guess of the digits leaves nothing to guess again. What arrives wrong is a CryptoError, never
another error. Knows no relay and no clock. Spec: docs/cryptography.md, section 11.

    new device                            old device
    start -> code, offer      (slot 1)    open(code, offer)
    accept(acceptance)        (slot 2)    reply -> acceptance
      -> reveal, digits       (slot 3)    reveal(message) -> digits, not to be shown
    shows the digits                      confirm(what its user typed)
    finish(verdict)           (slot 4)    grant or abort -> verdict
    cancel                    (slot 5)    is_cancelled_by(message)
"""

from __future__ import annotations

from enum import Enum, auto
from hmac import compare_digest
from typing import TYPE_CHECKING, Final

from restante.crypto import hpke, kdf, signing
from restante.crypto import link_messages as messages
from restante.crypto.codes import CodeSecret, generate_code_secret
from restante.crypto.keys import DeviceKey, LinkSecret, RootKey, XWingKey, XWingSeed
from restante.crypto.signatures import verify_device, verify_link_proof, verify_manifest
from restante.errors import CryptoError, LocalProtocolError, RemoteProtocolError
from restante.protocol.code import Code, CodeType, make_code
from restante.protocol.ids import link_pin, link_slot
from restante.protocol.linking import (
    MAX_DEVICE_NAME_CHARS,
    MAX_PROVISION_BYTES,
    LinkAbort,
    LinkAborted,
    LinkAccept,
    LinkGrant,
    LinkOffer,
    LinkReveal,
    LinkSlot,
)
from restante.protocol.manifest import SignedManifest
from restante.values import dataclass

if TYPE_CHECKING:
    from restante.crypto.keys import LinkRevealKey, LinkVerdictKey
    from restante.crypto.own_keys import DeviceSecrets
    from restante.crypto.randomness import Randomness
    from restante.crypto.signatures import VerifiedManifest
    from restante.protocol.address import Address
    from restante.protocol.ids import SlotId
    from restante.protocol.linking import LinkVerdict
    from restante.protocol.manifest import DeviceEntry

_NONCE_BYTES: Final = 16


class LinkAbortedError(CryptoError):
    """The old device said that there will be no grant. `reason` is of `LinkAbort`, or newer."""

    def __init__(self, reason: int) -> None:
        super().__init__("a linking was ended by the other device")
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What a new device got: the manifest that lists it, and what its account gives it, packed."""

    manifest: VerifiedManifest
    provision: bytes


class _Step(Enum):
    """What a side of a linking does next."""

    ACCEPT = auto()
    REPLY = auto()
    REVEAL = auto()
    CONFIRM = auto()
    GRANT = auto()
    FINISH = auto()
    OVER = auto()


class _Side:
    """Whose turn it is: a step is given up before it is tried, and so never tried twice."""

    def __init__(self, randomness: Randomness, code: Code, offer: bytes, *, first: _Step) -> None:
        self.code = code
        self.offer = offer
        self._randomness = randomness
        self._secret = CodeSecret(code.secret)
        self._next = first

    def slot(self, slot: LinkSlot) -> SlotId:
        """Return where at the relay a message of this linking stands."""
        return link_slot(self._secret.raw, slot)

    def _take(self, step: _Step) -> None:
        if self._next is not step:
            raise LocalProtocolError("a step of a linking was taken out of its order")
        self._next = _Step.OVER


class NewDevice(_Side):
    """The side that joins: it shows `code`, puts `offer` into slot 1, and then shows the digits."""

    _device: DeviceSecrets
    _entry: DeviceEntry
    _address: Address
    _seed: XWingSeed
    _nonce: bytes
    _root: RootKey
    _verdict_key: LinkVerdictKey

    @classmethod
    def start(
        cls,
        randomness: Randomness,
        *,
        device: DeviceSecrets,
        entry: DeviceEntry,
        name: str,
        address: Address,
    ) -> NewDevice:
        """Begin: `entry` is what the manifest is to say of `device`, `name` what people call it.

        `address` is the account's, as the user gave it: a grant for another one is refused. Raises
        LocalProtocolError if the name has more than 64 characters.
        """
        if len(name) > MAX_DEVICE_NAME_CHARS:
            raise LocalProtocolError("a device's name is too long")
        secret = generate_code_secret(randomness)
        seed = XWingSeed(randomness.random(XWingSeed.SIZE))
        nonce = randomness.random(_NONCE_BYTES)
        fields = LinkOffer(
            version=1,
            xwing_key=hpke.public_key(seed).raw,
            device=entry,
            commitment=messages.commitment(nonce),
            name=name,
        )
        offer = messages.seal_offer(secret, fields, randomness=randomness)
        code = make_code(
            CodeType.DEVICE_LINK,
            pin=link_pin(offer),
            secret=secret.raw,
            name=address.name,
            relay=address.relay,
        )
        self = cls(randomness, code, offer, first=_Step.ACCEPT)
        self._device, self._entry, self._address = device, entry, address
        self._seed, self._nonce = seed, nonce
        return self

    def accept(self, acceptance: bytes) -> tuple[bytes, str]:
        """Open slot 2; return the message for slot 3 and the six digits to show.

        Raises CryptoError if it wasn't sealed to this device by somebody who has the code.
        """
        self._take(_Step.ACCEPT)
        fields = messages.open_accept(self._seed, acceptance, code=self.code)
        transcript = messages.transcript(self.code, self.offer, acceptance)
        secret, self._root = LinkSecret(fields.secret), RootKey(fields.root_key)
        reveal_key, self._verdict_key = kdf.link_keys(transcript, secret)
        proof = signing.sign_link_proof(self._device.signing, transcript)
        reveal = LinkReveal(nonce=self._nonce, signature=proof)
        sealed = messages.seal_reveal(reveal_key, reveal, randomness=self._randomness)
        digits = kdf.link_digits(transcript, secret, new=self._nonce, old=fields.nonce)
        self._next = _Step.FINISH
        return sealed, digits

    def finish(self, verdict: bytes) -> Grant:
        """Open slot 4. Raises LinkAbortedError if there is no grant, CryptoError for a wrong one.

        The manifest is of the account that slot 2 named and of the address that was asked for, and
        it lists this device as it offered itself.
        """
        self._take(_Step.FINISH)
        said = messages.open_verdict(self._verdict_key, verdict)
        if isinstance(said, LinkAborted):
            raise LinkAbortedError(said.reason)
        try:
            manifest = verify_manifest(SignedManifest.from_bytes(said.manifest))
        except RemoteProtocolError:
            raise CryptoError("a grant's manifest is malformed") from None
        if manifest.root != self._root or manifest.address != self._address:
            raise CryptoError("a grant is for another account")
        if manifest.device(self._device.key.raw).entry != self._entry:
            raise CryptoError("a grant lists this device otherwise than it offered itself")
        return Grant(manifest=manifest, provision=said.provision)

    def cancel(self) -> bytes:
        """End the linking, at any time; return the message for slot 5."""
        self._next = _Step.OVER
        return messages.seal_cancel(self._secret, randomness=self._randomness)


class OldDevice(_Side):
    """The side that lets the other in: its user types the digits that the new device shows.

    `entry` is what the manifest is to say of the new device, `name` what that calls itself: words
    of whoever made the code, until `confirm` has said yes.
    """

    entry: DeviceEntry
    name: str
    _offered: LinkOffer
    _root: RootKey
    _nonce: bytes
    _link_secret: LinkSecret
    _transcript: bytes
    _reveal_key: LinkRevealKey
    _verdict_key: LinkVerdictKey | None = None
    _digits: str
    _reason: LinkAbort = LinkAbort.CANCELLED

    @classmethod
    def open(cls, randomness: Randomness, code: Code, offer: bytes) -> OldDevice:
        """Take what stands in slot 1. Raises CryptoError unless it is what the code pins."""
        if code.type is not CodeType.DEVICE_LINK or not compare_digest(code.pin, link_pin(offer)):
            raise CryptoError("a device link's pin does not match")
        offered = messages.open_offer(CodeSecret(code.secret), offer)
        entry = verify_device(offered.device).entry
        if entry.flags or entry.grant is not None:
            raise CryptoError("a new device asks to be something else")
        self = cls(randomness, code, offer, first=_Step.REPLY)
        self.entry, self.name, self._offered = entry, offered.name, offered
        return self

    def reply(self, root: RootKey) -> bytes:
        """Return the message for slot 2, sealed to the new device; `root` is of this account.

        Raises CryptoError if the new device's key is none.
        """
        self._take(_Step.REPLY)
        self._root = root
        self._nonce = self._randomness.random(_NONCE_BYTES)
        self._link_secret = LinkSecret(self._randomness.random(LinkSecret.SIZE))
        acceptance = messages.seal_accept(
            XWingKey(self._offered.xwing_key),
            LinkAccept(root_key=root.raw, nonce=self._nonce, secret=self._link_secret.raw),
            code=self.code,
            randomness=self._randomness,
        )
        self._transcript = messages.transcript(self.code, self.offer, acceptance)
        self._reveal_key, self._verdict_key = kdf.link_keys(self._transcript, self._link_secret)
        self._next = _Step.REVEAL
        return acceptance

    def reveal(self, message: bytes) -> str:
        """Open slot 3; return the six digits, which the user must type and not see here.

        Raises CryptoError unless it shows the nonce that was committed to, and is signed by the
        device that was offered.
        """
        self._take(_Step.REVEAL)
        shown = messages.open_reveal(self._reveal_key, message)
        if not compare_digest(messages.commitment(shown.nonce), self._offered.commitment):
            raise CryptoError("a new device shows another nonce than it committed to")
        key = DeviceKey(self.entry.signing_key)
        verify_link_proof(key, self._transcript, shown.signature)
        self._digits = kdf.link_digits(
            self._transcript, self._link_secret, new=shown.nonce, old=self._nonce
        )
        self._next = _Step.CONFIRM
        return self._digits

    def confirm(self, typed: str) -> bool:
        """Compare what the user typed, spaces aside. There is one guess; then `abort` is left."""
        self._take(_Step.CONFIRM)
        if "".join(typed.split()) != self._digits:
            self._reason = LinkAbort.WRONG_DIGITS
            return False
        self._next = _Step.GRANT
        return True

    def grant(self, manifest: VerifiedManifest, provision: bytes) -> bytes:
        """Return the message for slot 4: welcome. Only after `confirm` has said yes.

        `manifest` lists the new device as it offered itself, `provision` has 8,192 bytes at most.
        Raises LocalProtocolError otherwise.
        """
        self._take(_Step.GRANT)
        listed = any(device.entry == self.entry for device in manifest.devices)
        if manifest.root != self._root or not listed or len(provision) > MAX_PROVISION_BYTES:
            raise LocalProtocolError("a grant is not for the new device, or too long")
        return self._verdict(LinkGrant(manifest=manifest.signed.to_bytes(), provision=provision))

    def abort(self) -> bytes:
        """Return the message for slot 4: no grant. At any time between `reply` and `grant`."""
        self._next = _Step.OVER
        return self._verdict(LinkAborted(reason=self._reason))

    def is_cancelled_by(self, message: bytes) -> bool:
        """Whether slot 5 holds word that the new device's user gave up; then all is over."""
        cancelled = messages.is_cancel(self._secret, message)
        if cancelled:
            self._next = _Step.OVER
        return cancelled

    def _verdict(self, verdict: LinkVerdict) -> bytes:
        key, self._verdict_key = self._verdict_key, None
        if key is None:
            raise LocalProtocolError("a linking has one verdict, after its reply")
        return messages.seal_verdict(key, verdict, randomness=self._randomness)
