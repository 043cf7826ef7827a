"""Two devices meet and talk: hellos, answers, loss, disorder, and what a session tells."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from restante.crypto import envelope, header, introduction, ratchet
from restante.crypto import session as sessions
from restante.crypto.limits import MAX_SKIP, MAX_SKIPPED, MAX_SKIPPED_CHAINS, SKIPPED_TTL_S
from restante.errors import CryptoError, LocalProtocolError
from tests.crypto.people import (
    NOW_S,
    RANDOM,
    SOME_HEADS,
    a_person,
    begin,
    heads,
    meet,
    open_hello,
    open_message,
    seal,
)

if TYPE_CHECKING:
    from restante.crypto.session import Session


def seal_many(session: Session, count: int) -> tuple[Session, list[bytes]]:
    sealed = []
    for number in range(count):
        step = seal(session, b"%d" % number)
        session = step.session
        sealed.append(step.envelope)
    return session, sealed


def test_a_hello_brings_the_sender_the_content_and_both_heads() -> None:
    alice, bob = a_person("alice"), a_person("bob")
    first = envelope.seal(begin(alice, bob), b"hello", heads=heads(alice, bob), randomness=RANDOM)
    introduction, opened = open_hello(bob, first.envelope)
    assert opened.content == b"hello"
    assert opened.heads == heads(alice, bob)
    assert introduction.manifest == alice.manifest
    assert introduction.key == alice.device.key
    assert introduction.reply_token == b"T" * 16
    assert introduction.relay_pin is None
    assert opened.session.facts.peer_account == alice.manifest.account_id
    assert opened.session.facts.peer_device == alice.device.device_id
    assert opened.session.facts.session_id == first.session.facts.session_id
    assert (opened.newly_missing, opened.tags.removed) == (0, frozenset())
    assert opened.tags.added == opened.session.expected_tags()


def test_every_message_is_a_hello_until_the_peer_answers() -> None:
    alice, bob = a_person("alice"), a_person("bob")
    session, hellos = seal_many(begin(alice, bob), 4)
    assert not session.is_confirmed
    assert len({hello[:9380] for hello in hellos}) == 1

    _, opened = open_hello(bob, hellos[2])  # the first two are late
    assert (opened.content, opened.newly_missing) == (b"2", 2)
    bobs = opened.session
    for index in (0, 3, 1):
        again = open_message(bobs, hellos[index])
        assert again.content == b"%d" % index
        bobs = again.session
    with pytest.raises(CryptoError):
        open_message(bobs, hellos[1])

    answer = seal(bobs, b"welcome")
    confirmed = open_message(session, answer.envelope)
    assert confirmed.session.is_confirmed
    assert len(seal(confirmed.session, b"short").envelope) == 4096


def test_a_hello_that_comes_after_the_conversation_moved_on_still_opens() -> None:
    alice, bob = a_person("alice"), a_person("bob")
    alices, hellos = seal_many(begin(alice, bob), 3)
    bobs = open_hello(bob, hellos[0])[1].session
    for _ in range(3):
        answer = seal(bobs, b"answer")
        alices = open_message(alices, answer.envelope).session
        question = seal(alices, b"question")
        alices = question.session
        arrived = open_message(answer.session, question.envelope)
        bobs = arrived.session
    assert sum(len(chain.keys) for chain in bobs.ratchet.skipped) == 2
    with pytest.raises(CryptoError):
        open_message(bobs, hellos[0])
    for index in (2, 1):
        late = open_message(bobs, hellos[index])
        assert late.content == b"%d" % index
        bobs = late.session
    assert bobs.ratchet.skipped == ()
    with pytest.raises(CryptoError):
        open_message(bobs, hellos[1])


@pytest.mark.parametrize(
    ("size_bytes", "bucket"),
    [(0, 4096), (1620, 4096), (1621, 16384), (13908, 16384), (13909, 65536), (63060, 65536)],
)
def test_a_content_takes_the_smallest_bucket_that_holds_it(size_bytes: int, bucket: int) -> None:
    alices, bobs = meet(a_person("alice"), a_person("bob"))
    content = bytes(size_bytes)
    sealed = seal(alices, content)
    assert len(sealed.envelope) == bucket
    assert open_message(bobs, sealed.envelope).content == content


@pytest.mark.parametrize(
    ("size_bytes", "bucket"), [(0, 16384), (4544, 16384), (4545, 65536), (53696, 65536)]
)
def test_a_hello_takes_the_middle_or_the_largest_bucket(size_bytes: int, bucket: int) -> None:
    alice, bob = a_person("alice"), a_person("bob")
    sealed = seal(begin(alice, bob), bytes(size_bytes))
    assert len(sealed.envelope) == bucket
    assert open_hello(bob, sealed.envelope)[1].content == bytes(size_bytes)


def test_a_content_that_fits_no_bucket_is_refused_and_the_limit_named() -> None:
    alice, bob = a_person("alice"), a_person("bob")
    with pytest.raises(LocalProtocolError, match="53696"):
        seal(begin(alice, bob), bytes(53697))
    with pytest.raises(LocalProtocolError, match="63060"):
        seal(meet(alice, bob)[0], bytes(63061))


def test_a_session_tells_which_tags_it_expects_and_how_they_change() -> None:
    alices, bobs = meet(a_person("alice"), a_person("bob"))
    index = bobs.expected_tags()
    assert 100 < len(index) < 200
    for turn in range(4):
        alices, sealed = seal_many(alices, 70)
        for number in (0, 2, 1, 63, 3, 69, 68):
            assert sealed[number][:16] in index
            opened = open_message(bobs, sealed[number])
            assert not opened.tags.added & opened.tags.removed
            index = (index - opened.tags.removed) | opened.tags.added
            bobs = opened.session
            assert index == bobs.expected_tags(), (turn, number)
            assert sealed[number][:16] not in index
        answer = seal(bobs, b"")
        bobs, alices = answer.session, open_message(alices, answer.envelope).session


def test_missing_messages_are_counted_across_a_dh_step() -> None:
    alices, bobs = meet(a_person("alice"), a_person("bob"))
    alices, old = seal_many(alices, 5)
    bobs = open_message(bobs, old[0]).session
    answer = seal(bobs, b"")
    alices, new = seal_many(open_message(alices, answer.envelope).session, 3)
    opened = open_message(answer.session, new[2])
    assert opened.newly_missing == 4 + 2
    assert open_message(opened.session, old[4]).newly_missing == 0


def test_a_message_may_skip_a_thousand_and_not_one_more() -> None:
    alices, bobs = meet(a_person("alice"), a_person("bob"))
    bobs = open_message(bobs, (first := seal(alices, b"")).envelope).session
    _, sealed = seal_many(first.session, 1025)  # numbers 1 to 1025
    far = open_message(bobs, sealed[959])  # number 960, the last multiple of 64 within reach
    assert far.newly_missing == 959
    assert far.session.expected_tags() > {each[:16] for each in sealed[:959]}
    with pytest.raises(CryptoError):
        open_message(bobs, sealed[1023])

    place = ratchet.Place(header_key=bobs.ratchet.next_receiving_header_key, number=0)
    receiving = bobs.ratchet.receiving
    assert receiving is not None
    honest = ratchet.send(first.session.ratchet, SOME_HEADS)[1]
    for gap, allowed in ((MAX_SKIP, True), (MAX_SKIP + 1, False), (2**32 - 2, False)):
        number = receiving.number + gap
        place = ratchet.Place(header_key=receiving.header_key, number=number)
        ahead = replace(honest, number=number)
        if allowed:
            advanced = ratchet.receive(RANDOM, bobs.ratchet, place, ahead, now_s=NOW_S)
            assert advanced.newly_missing == MAX_SKIP
        else:
            with pytest.raises(CryptoError):
                ratchet.receive(RANDOM, bobs.ratchet, place, ahead, now_s=NOW_S)


def test_an_expired_run_is_bridged_at_the_next_multiple_of_64() -> None:
    alices, bobs = meet(a_person("alice"), a_person("bob"))
    _, sealed = seal_many(alices, 400)
    tags = bobs.expected_tags()
    found = [number for number, each in enumerate(sealed) if each[:16] in tags]
    assert found == [*range(64), 64, 128, 192, 256, 320, 384]
    opened = open_message(bobs, sealed[320])  # 0 to 319 are lost
    tags = opened.session.expected_tags()
    assert all(each[:16] in tags for each in sealed[:320] + sealed[321:385])


def test_a_tail_longer_than_a_skip_does_not_block_the_next_chain() -> None:
    alices, bobs = meet(a_person("alice"), a_person("bob"))
    answer = seal(bobs, b"")
    alices, tail = seal_many(alices, 1003)
    bobs = open_message(answer.session, tail[0]).session
    answer = seal(bobs, b"")
    alices = open_message(alices, answer.envelope).session
    opened = open_message(answer.session, seal(alices, b"onward").envelope)
    assert (opened.content, opened.newly_missing) == (b"onward", 1002)
    assert sum(len(chain.keys) for chain in opened.session.ratchet.skipped) == MAX_SKIP
    assert open_message(opened.session, tail[1000]).content == b"1000"
    with pytest.raises(CryptoError):
        open_message(opened.session, tail[1001])


def test_skipped_keys_are_bounded_in_number_and_in_chains() -> None:
    alices, bobs = meet(a_person("alice"), a_person("bob"))
    for _ in range(MAX_SKIPPED_CHAINS + 3):
        alices, sealed = seal_many(alices, 500)
        bobs = open_message(bobs, sealed[448]).session
        kept = sum(len(chain.keys) for chain in bobs.ratchet.skipped)
        assert kept <= MAX_SKIPPED
        assert len(bobs.ratchet.skipped) <= MAX_SKIPPED_CHAINS
        answer = seal(bobs, b"")
        bobs, alices = answer.session, open_message(alices, answer.envelope).session
    assert kept == MAX_SKIPPED
    assert sealed[447][:16] in bobs.expected_tags()


def test_a_chain_that_is_wholly_pushed_out_goes() -> None:
    alices, bobs = meet(a_person("alice"), a_person("bob"))
    for count in (2, 1000, 1000, 1000):
        alices, sealed = seal_many(alices, count)
        bobs = open_message(bobs, sealed[min(count - 1, 960)]).session
        answer = seal(bobs, b"")
        bobs, alices = answer.session, open_message(alices, answer.envelope).session
    assert [len(chain.keys) for chain in bobs.ratchet.skipped][-1] == 960
    assert sum(len(chain.keys) for chain in bobs.ratchet.skipped) == MAX_SKIPPED


def test_skipped_keys_expire_after_thirty_days() -> None:
    alices, bobs = meet(a_person("alice"), a_person("bob"))
    _, sealed = seal_many(alices, 8)
    early = open_message(bobs, sealed[3]).session
    both = open_message(early, sealed[6], now_s=NOW_S + 60).session
    assert len(both.ratchet.skipped[0].keys) == 5
    assert sessions.forget_expired(both, now_s=NOW_S + SKIPPED_TTL_S) is both
    later = sessions.forget_expired(both, now_s=NOW_S + SKIPPED_TTL_S + 1)
    assert [key.number for key in later.ratchet.skipped[0].keys.values()] == [4, 5]
    gone = open_message(both, sealed[7], now_s=NOW_S + SKIPPED_TTL_S + 61)
    assert gone.session.ratchet.skipped == ()
    assert {each[:16] for each in (*sealed[:3], *sealed[4:6])} < gone.tags.removed
    with pytest.raises(CryptoError):
        open_message(both, sealed[4], now_s=NOW_S + SKIPPED_TTL_S + 61)


def test_a_chain_that_is_used_up_seals_no_more() -> None:
    alices, _ = meet(a_person("alice"), a_person("bob"))
    last = replace(alices.ratchet.sending, number=2**32 - 2)
    nearly = replace(alices, ratchet=replace(alices.ratchet, sending=last))
    used_up = seal(nearly, b"the last one").session
    with pytest.raises(CryptoError):
        seal(used_up, b"one too many")


def test_near_the_end_of_a_chain_no_impossible_number_is_expected() -> None:
    _, bobs = meet(a_person("alice"), a_person("bob"))
    assert bobs.ratchet.receiving is not None
    before = replace(bobs.ratchet.receiving, number=2**32 - 3)
    after = replace(before, number=2**32 - 2)
    old = replace(bobs, ratchet=replace(bobs.ratchet, receiving=before))
    new = replace(bobs, ratchet=replace(bobs.ratchet, receiving=after))
    changes = sessions.tag_changes(old, new)
    assert (len(changes.added), len(changes.removed)) == (0, 1)
    assert new.expected_tags() == old.expected_tags() - changes.removed


def test_an_envelope_of_another_size_or_another_session_is_refused() -> None:
    alice, bob = a_person("alice"), a_person("bob")
    alices, bobs = meet(alice, bob)
    sealed = seal(alices, b"text").envelope
    for wrong in (b"", sealed[:-1], sealed + b"\x00", sealed[:16]):
        with pytest.raises(CryptoError):
            open_message(bobs, wrong)
    with pytest.raises(CryptoError):
        open_message(meet(alice, bob)[1], sealed)
    assert envelope.hello_references(sealed, bob.device.device_id) is None
    assert envelope.hello_references(bytes(16384), bob.device.device_id) is None


def test_what_is_no_hello_is_not_opened_as_one() -> None:
    alice, bob = a_person("alice"), a_person("bob")
    hello = seal(begin(alice, bob), b"text").envelope
    references = envelope.hello_references(hello, bob.device.device_id)
    assert references is not None
    with pytest.raises(CryptoError):
        envelope.open_hello(
            b"\x00" + hello[1:],
            own=bob.device,
            own_root=bob.manifest.root,
            own_heads=[bob.manifest.head],
            secrets=bob.secrets_for(references),
            randomness=RANDOM,
            now_s=NOW_S,
        )


def test_a_malformed_header_or_introduction_is_refused() -> None:
    for junk in (b"", b"\x90", b"\x95" + bytes(5), b"\xc1", bytes(2375)):
        with pytest.raises(CryptoError):
            header.parse(junk)
        with pytest.raises(CryptoError):
            introduction.parse(junk)


def test_the_session_that_the_peer_used_last_is_the_one_to_answer_on() -> None:
    alice, bob = a_person("alice"), a_person("bob")
    _, old = meet(alice, bob)
    _, new = meet(alice, bob)  # alice lost her state and began anew
    assert sessions.settle(None, old).sends_on == old.facts.session_id
    assert sessions.settle(old, old).sends_on == old.facts.session_id
    settled = sessions.settle(old, new)
    assert (settled.sends_on, settled.opened) == (new.facts.session_id, new)
