"""What an account does to itself: change its devices, recover, move, be deleted."""

from __future__ import annotations

import msgspec
import pytest

from restante.crypto import own_keys, signing
from restante.crypto.keys import RootSigningKey
from restante.crypto.signatures import (
    accept_manifest,
    verify_deletion,
    verify_manifest,
    verify_moved,
)
from restante.errors import CryptoError, LocalProtocolError, RemoteProtocolError
from restante.protocol.address import Address
from restante.protocol.codec import encode
from restante.protocol.ids import MailboxId
from restante.protocol.manifest import MovedBody, SignedMoved
from tests.crypto.history import ADDRESS, History
from tests.crypto.people import NOW_S, RANDOM, a_person

ELSEWHERE = Address.parse("alice@other.example")


def test_a_manifest_follows_the_one_before_it_with_other_devices() -> None:
    history = History()
    first = history.sign()
    entry = own_keys.device_entry(
        own_keys.generate_device(RANDOM), mailbox=MailboxId(b"2" * 16), now_s=NOW_S
    )
    second = verify_manifest(
        own_keys.next_manifest(
            history.account.account, first, devices=[history.entry, entry], now_s=NOW_S + 1
        )
    )
    assert accept_manifest(first.position(), [second]) == second.position()
    assert [device.entry for device in second.devices] == [history.entry, entry]
    assert (second.sequence, second.previous, second.address) == (2, first.head, ADDRESS)
    assert second.account_id == first.account_id
    third = verify_manifest(
        own_keys.next_manifest(
            history.account.account, second, devices=[entry], address=ELSEWHERE, now_s=NOW_S + 2
        )
    )
    assert accept_manifest(first.position(), [second, third]) == third.position()
    assert third.address == ELSEWHERE
    assert third.issued_at_s == NOW_S + 2
    with pytest.raises(LocalProtocolError):
        own_keys.next_manifest(
            History().account.account, first, devices=[history.entry], now_s=NOW_S
        )


def test_a_recovery_is_the_same_account_with_a_key_of_its_own() -> None:
    history = History()
    links = history.chain(3)
    account, signed = own_keys.new_generation(
        history.account.root,
        generation=2,
        address=ELSEWHERE,
        devices=[history.entry],
        now_s=NOW_S,
        randomness=RANDOM,
    )
    recovered = verify_manifest(signed)
    assert recovered.root == links[0].root
    assert recovered.account_key == signing.account_key(account) != links[0].account_key
    assert (recovered.generation, recovered.sequence) == (2, 1)
    assert accept_manifest(links[2].position(), [recovered]) == recovered.position()
    after = own_keys.next_manifest(account, recovered, devices=[history.entry], now_s=NOW_S)
    assert verify_manifest(after).generation == 2


def test_only_the_account_itself_says_that_it_is_to_be_erased() -> None:
    history = History()
    links = history.chain(2)
    signature = signing.sign_deletion(history.account.account, links[1].head)
    verify_deletion(links[1], signature)
    with pytest.raises(CryptoError):
        verify_deletion(links[0], signature)
    with pytest.raises(CryptoError):
        verify_deletion(a_person("bob").manifest, signature)
    for wrong in (b"", signature[:-1], bytes(64), links[1].signed.signature):
        with pytest.raises(CryptoError):
            verify_deletion(links[1], wrong)


def moved(root: RootSigningKey, *, to: Address = ELSEWHERE) -> SignedMoved:
    return signing.sign_moved(root, from_address=ADDRESS, to_address=to, at_s=NOW_S)


def test_a_move_is_said_by_the_root() -> None:
    history = History()
    root = history.sign().root
    signed = moved(history.account.root)
    verified = verify_moved(SignedMoved.from_bytes(signed.to_bytes()), root)
    assert (verified.from_address, verified.to_address) == (ADDRESS, ELSEWHERE)
    assert verified.at_s == NOW_S
    assert verified.account_id == history.sign().account_id


def test_a_move_by_anybody_else_leads_nobody_anywhere() -> None:
    history, mallory = History(), History()
    root = history.sign().root
    signed = moved(history.account.root)
    replace = msgspec.structs.replace
    body = signed.moved()
    other = encode(replace(body, to_address="alice@mallory.example"))
    pretended = encode(replace(moved(mallory.account.root).moved(), root_key=root.raw))
    for wrong in (
        moved(mallory.account.root),
        replace(signed, signature=bytes(64)),
        replace(signed, body=other),
        replace(moved(mallory.account.root), body=pretended),
        moved(history.account.root, to=ADDRESS),
    ):
        with pytest.raises(CryptoError):
            verify_moved(wrong, root)
    with pytest.raises(RemoteProtocolError):
        verify_moved(replace(signed, body=b"x"), root)


def test_a_move_to_what_is_no_address_is_refused() -> None:
    root = History().account.root
    public = signing.root_key(root)
    for nowhere in ("nowhere", "Alice@other.example"):
        body = encode(
            MovedBody(
                root_key=public.raw, from_address=str(ADDRESS), to_address=nowhere, at_s=NOW_S
            )
        )
        statement = b"restante/v1/moved\x00" + body
        signed = SignedMoved(body=body, signature=signing._sign(root, statement))
        with pytest.raises(CryptoError):
            verify_moved(signed, public)
