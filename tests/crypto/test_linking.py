"""A new device is linked, step by step; what is out of order or malformed links nothing."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from restante.crypto import kdf, link_messages, own_keys
from restante.crypto.codes import CodeSecret
from restante.crypto.keys import LinkSecret, LinkVerdictKey
from restante.crypto.linking import LinkAbortedError, NewDevice, OldDevice
from restante.crypto.signatures import verify_manifest
from restante.errors import CryptoError, LocalProtocolError
from restante.protocol.address import Address
from restante.protocol.code import CodeType, make_code, parse_code
from restante.protocol.ids import link_pin, link_slot
from restante.protocol.limits import MAX_DEVICES, MAX_SLOT_BYTES
from restante.protocol.linking import (
    MAX_PROVISION_BYTES,
    LinkAbort,
    LinkAborted,
    LinkGrant,
    LinkOffer,
    LinkSlot,
)
from restante.protocol.manifest import DeviceFlag
from tests.crypto.devices_meeting import a_new_device, listing, meet_device
from tests.crypto.people import NOW_S, RANDOM, Person, a_person


def test_a_device_is_linked() -> None:
    alice = a_person("alice")
    new = a_new_device(alice, name="laptop")
    assert new.code.is_for(alice.manifest.address)
    old = OldDevice.open(RANDOM, parse_code(str(new.code)), new.offer)
    assert old.name == "laptop"
    message, shown = new.accept(old.reply(alice.manifest.root))
    assert old.reveal(message) == shown
    assert len(shown) == 6
    assert shown.isdecimal()
    assert old.confirm(f" {shown[:3]} {shown[3:]}\n")
    manifest = listing(alice, old.entry)
    grant = new.finish(old.grant(manifest, b"what comes with it"))
    assert grant.manifest == manifest
    assert grant.provision == b"what comes with it"


def test_both_sides_find_the_slots_by_the_codes_secret() -> None:
    alice = a_person("alice")
    new = a_new_device(alice)
    old = OldDevice.open(RANDOM, new.code, new.offer)
    slots = [new.slot(slot) for slot in LinkSlot]
    assert slots == [old.slot(slot) for slot in LinkSlot]
    assert slots == [link_slot(new.code.secret, number) for number in range(1, 6)]
    assert len(set(slots)) == 5
    assert {len(slot) for slot in slots} == {16}


@pytest.mark.parametrize("name", ["", "laptop", "\U0001f4bb" * 64])
def test_no_size_says_anything(name: str) -> None:
    alice = a_person("alice")
    new = a_new_device(alice, name=name)
    old = OldDevice.open(RANDOM, new.code, new.offer)
    acceptance = old.reply(alice.manifest.root)
    message, digits = new.accept(acceptance)
    old.reveal(message)
    assert old.confirm(digits)
    granted = old.grant(listing(alice, old.entry), name.encode())
    assert old.name == name
    sizes = [len(new.offer), len(acceptance), len(message), len(granted)]
    assert sizes == [2048, 1223, 125, MAX_SLOT_BYTES]
    assert len(new.cancel()) == 43
    given_up = a_new_device(alice)
    refusing = OldDevice.open(RANDOM, given_up.code, given_up.offer)
    refusing.reply(alice.manifest.root)
    assert len(refusing.abort()) == MAX_SLOT_BYTES


def test_the_longest_grant_fits() -> None:
    alice = a_person("alice")
    new = a_new_device(alice)
    old, digits = meet_device(alice, new)
    assert old.confirm(digits)
    others = [
        own_keys.device_entry(own_keys.generate_device(RANDOM), mailbox=b"m" * 16, now_s=NOW_S)  # type: ignore[arg-type]
        for _ in range(MAX_DEVICES - 1)
    ]
    manifest = verify_manifest(
        own_keys.next_manifest(
            alice.account.account, alice.manifest, devices=[*others, old.entry], now_s=NOW_S
        )
    )
    provision = RANDOM.random(MAX_PROVISION_BYTES)
    assert new.finish(old.grant(manifest, provision)).provision == provision


def test_a_name_that_is_too_long_is_our_bug() -> None:
    with pytest.raises(LocalProtocolError):
        a_new_device(a_person("alice"), name="x" * 65)


def test_what_the_code_does_not_pin_is_refused() -> None:
    alice = a_person("alice")
    new, other = a_new_device(alice), a_new_device(alice)
    contact = make_code(
        CodeType.CONTACT,
        pin=new.code.pin,
        secret=new.code.secret,
        name=new.code.name,
        relay=alice.manifest.address.relay,
    )
    for code, offer in (
        (new.code, other.offer),
        (new.code, new.offer[:-1]),
        (new.code, b""),
        (contact, new.offer),
    ):
        with pytest.raises(CryptoError):
            OldDevice.open(RANDOM, code, offer)


def offered(new: NewDevice, owner: Person, **changes: Any) -> OldDevice:
    """Open an offer that somebody with a code of their own has changed."""
    secret = CodeSecret(new.code.secret)
    fields = link_messages.open_offer(secret, new.offer)
    offer = link_messages.seal_offer(
        secret, msgspec.structs.replace(fields, **changes), randomness=RANDOM
    )
    code = make_code(
        CodeType.DEVICE_LINK,
        pin=link_pin(offer),
        secret=secret.raw,
        name=new.code.name,
        relay=owner.manifest.address.relay,
    )
    return OldDevice.open(RANDOM, code, offer)


def test_an_offer_is_of_an_ordinary_device_with_its_own_keys() -> None:
    alice = a_person("alice")
    new = a_new_device(alice)
    entry = OldDevice.open(RANDOM, new.code, new.offer).entry
    change = msgspec.structs.replace
    for wrong in (
        change(entry, flags=int(DeviceFlag.CAPABILITY_KEY), mailbox=None, grant=b"all"),
        change(entry, flags=2),
        change(entry, grant=b"all"),
        change(entry, mailbox=None),
        change(entry, signing_key=alice.device.key.raw),
        change(entry, identity_key=alice.device.identity.public.raw),
    ):
        with pytest.raises(CryptoError):
            offered(new, alice, device=wrong)
    assert offered(new, alice, device=entry).entry == entry
    with pytest.raises(CryptoError):
        offered(new, alice, name="x" * 65)
    with pytest.raises(CryptoError):
        offered(new, alice, version=2)
    with pytest.raises(CryptoError):
        offered(new, alice, xwing_key=b"\xff" * 1216).reply(alice.manifest.root)


def test_each_step_is_taken_once_and_in_its_order() -> None:
    alice = a_person("alice")
    new = a_new_device(alice)
    old = OldDevice.open(RANDOM, new.code, new.offer)
    manifest = listing(alice, old.entry)
    for early in (
        lambda: old.reveal(b""),
        lambda: old.confirm("000000"),
        lambda: old.grant(manifest, b""),
    ):
        with pytest.raises(LocalProtocolError):
            early()
    with pytest.raises(LocalProtocolError):
        new.finish(b"")
    acceptance = old.reply(alice.manifest.root)
    message, digits = new.accept(acceptance)
    old.reveal(message)
    assert old.confirm(digits)
    verdict = old.grant(manifest, b"")
    new.finish(verdict)
    for again in (
        lambda: old.reply(alice.manifest.root),
        lambda: old.reveal(message),
        lambda: old.confirm(digits),
        lambda: old.grant(manifest, b""),
        old.abort,
        lambda: new.accept(acceptance),
        lambda: new.finish(verdict),
    ):
        with pytest.raises(LocalProtocolError):
            again()


def test_there_is_no_verdict_before_there_is_a_key_for_it() -> None:
    new = a_new_device(a_person("alice"))
    with pytest.raises(LocalProtocolError):
        OldDevice.open(RANDOM, new.code, new.offer).abort()


def test_a_step_that_failed_is_not_tried_again() -> None:
    alice = a_person("alice")
    new = a_new_device(alice)
    old = OldDevice.open(RANDOM, new.code, new.offer)
    acceptance = old.reply(alice.manifest.root)
    with pytest.raises(CryptoError):
        new.accept(acceptance[:-1])
    with pytest.raises(LocalProtocolError):
        new.accept(acceptance)
    with pytest.raises(CryptoError):
        old.reveal(bytes(125))
    with pytest.raises(LocalProtocolError):
        old.reveal(bytes(125))
    assert len(old.abort()) == MAX_SLOT_BYTES


def test_only_a_grant_for_this_device_is_made() -> None:
    alice, bob = a_person("alice"), a_person("bob")
    for case in range(3):
        new = a_new_device(alice)
        old, digits = meet_device(alice, new)
        assert old.confirm(digits)
        manifest, provision = [
            (alice.manifest, b""),
            (listing(bob, old.entry), b""),
            (listing(alice, old.entry), bytes(MAX_PROVISION_BYTES + 1)),
        ][case]
        with pytest.raises(LocalProtocolError):
            old.grant(manifest, provision)
        with pytest.raises(LinkAbortedError):
            new.finish(old.abort())


def verdict_key(old: OldDevice) -> LinkVerdictKey:
    key = old._verdict_key
    assert key is not None
    return key


def test_a_grant_of_something_else_is_refused() -> None:
    alice, bob = a_person("alice"), a_person("bob")
    for case in range(6):
        new = a_new_device(alice)
        old, _ = meet_device(alice, new)
        entry = old.entry
        moved = verify_manifest(
            own_keys.next_manifest(
                alice.account.account,
                alice.manifest,
                devices=[entry],
                address=Address.parse("alice@elsewhere.example"),
                now_s=NOW_S,
            )
        )
        manifest = [
            listing(bob, entry).signed.to_bytes(),
            alice.manifest.signed.to_bytes(),
            moved.signed.to_bytes(),
            listing(alice, msgspec.structs.replace(entry, mailbox=b"?" * 16)).signed.to_bytes(),
            listing(alice, entry).signed.to_bytes()[:-1],
            b"",
        ][case]
        sealed = link_messages.seal_verdict(
            verdict_key(old), LinkGrant(manifest=manifest, provision=b""), randomness=RANDOM
        )
        with pytest.raises(CryptoError):
            new.finish(sealed)


class Malformed(msgspec.Struct, array_like=True, tag=3):
    """No message of any version that we know."""

    field: int


def test_hostile_bytes_are_a_crypto_error_in_every_slot() -> None:
    alice = a_person("alice")
    for hostile in (b"", b"\x00", bytes(125), RANDOM.random(1223), RANDOM.random(MAX_SLOT_BYTES)):
        new = a_new_device(alice)
        with pytest.raises(CryptoError):
            OldDevice.open(RANDOM, new.code, hostile)
        old = OldDevice.open(RANDOM, new.code, new.offer)
        assert not old.is_cancelled_by(hostile)
        new.accept(old.reply(alice.manifest.root))
        with pytest.raises(CryptoError):
            new.finish(hostile)
        with pytest.raises(CryptoError):
            old.reveal(hostile)
        with pytest.raises(CryptoError):
            a_new_device(alice).accept(hostile)


def test_what_is_sealed_well_and_malformed_within_is_a_crypto_error() -> None:
    alice = a_person("alice")
    new = a_new_device(alice)
    old, _ = meet_device(alice, new)
    sealed = link_messages.seal_verdict(
        verdict_key(old),
        Malformed(field=1),  # type: ignore[arg-type]
        randomness=RANDOM,
    )
    with pytest.raises(CryptoError):
        new.finish(sealed)
    secret = CodeSecret(bytes(8))
    offer: LinkOffer = Malformed(field=1)  # type: ignore[assignment]
    with pytest.raises(CryptoError):
        link_messages.open_offer(secret, link_messages.seal_offer(secret, offer, randomness=RANDOM))


def test_an_ended_linking_says_why() -> None:
    alice = a_person("alice")
    new = a_new_device(alice)
    old = OldDevice.open(RANDOM, new.code, new.offer)
    new.accept(old.reply(alice.manifest.root))
    with pytest.raises(LinkAbortedError) as caught:
        new.finish(old.abort())
    assert caught.value.reason == LinkAbort.CANCELLED
    later = a_new_device(alice)
    old, _ = meet_device(alice, later)
    sealed = link_messages.seal_verdict(
        verdict_key(old), LinkAborted(reason=200), randomness=RANDOM
    )
    with pytest.raises(LinkAbortedError) as caught:
        later.finish(sealed)
    assert caught.value.reason == 200, "a reason of a later version is one all the same"


def test_the_new_device_gives_up_and_the_old_one_hears_it() -> None:
    alice = a_person("alice")
    new = a_new_device(alice)
    old, digits = meet_device(alice, new)
    assert not old.is_cancelled_by(a_new_device(alice).cancel())
    cancelled = new.cancel()
    assert old.is_cancelled_by(cancelled)
    with pytest.raises(LocalProtocolError):
        old.confirm(digits)
    with pytest.raises(LocalProtocolError):
        new.finish(b"")


def test_digits_are_spread_over_all_of_them() -> None:
    secret = LinkSecret(bytes(32))
    shown = {
        kdf.link_digits(bytes(32), secret, new=RANDOM.random(16), old=bytes(16)) for _ in range(300)
    }
    assert len(shown) > 290
    assert {len(each) for each in shown} == {6}
    assert {digits[0] for digits in shown} == set("0123456789")
