"""Whole envelopes: sealing a content into one, opening one into a content.

    message envelope   tag 16 | message part
    hello envelope     hello part 9380 (tag first) | message part

Rule: an envelope has exactly one of three sizes, and opening either returns a new session together
with the content or raises and leaves everything as it was. Spec: docs/cryptography.md, section 5.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from restante.crypto import handshake, message_part
from restante.crypto import hello as hellos
from restante.crypto import ratchet as ratchets
from restante.crypto import session as sessions
from restante.crypto.session import Session, TagChanges
from restante.crypto.tags import tag as lookup_tag
from restante.errors import CryptoError
from restante.protocol.envelope import HELLO_PREFIX_BYTES, bucket_for
from restante.protocol.ids import ID_BYTES, LookupTag
from restante.protocol.limits import BUCKETS
from restante.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from restante.crypto.handshake import HelloSecrets
    from restante.crypto.header import Header, Heads
    from restante.crypto.hello import HelloReferences
    from restante.crypto.introduction import Introduction
    from restante.crypto.keys import RootKey
    from restante.crypto.own_keys import DeviceSecrets
    from restante.crypto.randomness import Randomness
    from restante.crypto.ratchet import Place
    from restante.protocol.ids import DeviceId, ManifestHash


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """A new envelope, and the session after it: store both before the envelope leaves."""

    session: Session
    envelope: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What an envelope held, and the session after it: store both before it is acknowledged.

    `heads` are as the sender knew them. `newly_missing` counts messages of the peer that this one
    shows to exist and that have not arrived.
    """

    session: Session
    content: bytes
    heads: Heads
    newly_missing: int
    tags: TagChanges


def seal(session: Session, content: bytes, *, heads: Heads, randomness: Randomness) -> Sealed:
    """Seal `content` for the session's peer into the smallest bucket that holds it.

    Until the peer has answered, every envelope of the initiator repeats the hello part.
    Raises LocalProtocolError if the content is too large, CryptoError if the chain is used up.
    """
    facts = session.facts
    bucket = bucket_for(len(content), hello=session.hello is not None)
    header_key = session.ratchet.sending.header_key
    ratchet, header, key = ratchets.send(session.ratchet, heads)
    if session.hello is None:
        tag = lookup_tag(header_key, header.number)
        start: bytes = tag
    else:
        tag, start = facts.hello_tag, session.hello
    sealed_header = message_part.seal_header(
        header_key, header, tag=tag, recipient=facts.peer_device, randomness=randomness
    )
    sealed_body = message_part.seal_body(
        key,
        content,
        part_bytes=bucket - len(start),
        sealed_header=sealed_header,
        opened=header,
        tag=tag,
        sender=facts.own_device,
        recipient=facts.peer_device,
        randomness=randomness,
    )
    following = Session(facts=facts, ratchet=ratchet, hello=session.hello, rival=session.rival)
    return Sealed(session=following, envelope=start + sealed_header + sealed_body)


def hello_references(envelope: bytes, own_device: DeviceId) -> HelloReferences | None:
    """Return which prekeys a hello for `own_device` needs, or None if this is no such hello.

    Costs one hash of 1 KiB. To be asked only for envelopes whose tag no session expects.
    """
    hello = hellos.parse(envelope, own_device)
    return None if hello is None else hello.references


def open_hello(
    envelope: bytes,
    *,
    own: DeviceSecrets,
    own_root: RootKey,
    own_heads: Sequence[ManifestHash],
    secrets: HelloSecrets,
    randomness: Randomness,
    now_s: int,
) -> tuple[Introduction, Opened]:
    """Open an envelope that begins a session, with the secrets its references named.

    Returns who the sender is (signatures checked, *not* yet compared with what is known of that
    account) and the new session. Afterwards the one-time secrets must be erased, and the hello's
    tag kept until the others are, so that it can't begin a second session. Raises CryptoError.
    """
    hello = hellos.parse(envelope, own.device_id)
    if hello is None:
        raise CryptoError("an envelope is no hello for this device")
    arrived = handshake.receive_hello(
        hello,
        own=own,
        own_root=own_root,
        own_heads=own_heads,
        secrets=secrets,
        now_s=now_s,
    )
    facts, part = arrived.facts, envelope[HELLO_PREFIX_BYTES:]
    header = message_part.open_header(
        arrived.peer_header_key, part, tag=facts.hello_tag, recipient=facts.own_device
    )
    advanced = ratchets.accept(
        randomness,
        root=arrived.root,
        own=secrets.signed,
        own_kem=secrets.kem,
        peer_header_key=arrived.peer_header_key,
        header_key=arrived.header_key,
        header=header,
        now_s=now_s,
    )
    content = message_part.open_body(
        advanced.message,
        part,
        opened=header,
        tag=facts.hello_tag,
        sender=facts.peer_device,
        recipient=facts.own_device,
    )
    session = Session(facts=facts, ratchet=advanced.ratchet, hello=None, rival=None)
    opened = Opened(
        session=session,
        content=content,
        heads=header.heads,
        newly_missing=advanced.newly_missing,
        tags=TagChanges(added=session.expected_tags(), removed=frozenset()),
    )
    return arrived.introduction, opened


def open_message(
    session: Session, envelope: bytes, *, randomness: Randomness, now_s: int
) -> Opened:
    """Open an envelope whose tag `session` expects; a repeated hello too.

    Raises CryptoError if it was not sealed for this place in this session: a forgery, a replay, or
    damage. The session that was passed in remains the one to go on with.
    """
    if len(envelope) not in BUCKETS:
        raise CryptoError("an envelope has the wrong size")
    current = sessions.forget_expired(session, now_s=now_s)
    tag = LookupTag(envelope[:ID_BYTES])
    if tag == session.facts.hello_tag and not session.facts.initiated_by_us:
        if sha256(envelope[:HELLO_PREFIX_BYTES]).digest() != session.facts.hello_hash:
            raise CryptoError("a repeated hello differs")
        part = envelope[HELLO_PREFIX_BYTES:]
        place, header = _find_behind_hello(current, part)
    else:
        part = envelope[ID_BYTES:]
        place, header = _find(current, tag, part)
    advanced = ratchets.receive(randomness, current.ratchet, place, header, now_s=now_s)
    content = message_part.open_body(
        advanced.message,
        part,
        opened=header,
        tag=tag,
        sender=session.facts.peer_device,
        recipient=session.facts.own_device,
    )
    following = Session(
        facts=session.facts, ratchet=advanced.ratchet, hello=None, rival=session.rival
    )
    return Opened(
        session=following,
        content=content,
        heads=header.heads,
        newly_missing=advanced.newly_missing,
        tags=sessions.tag_changes(session, following),
    )


def _find(session: Session, tag: LookupTag, part: bytes) -> tuple[Place, Header]:
    place = ratchets.locate(session.ratchet, tag)
    if place is None:
        raise CryptoError("an envelope belongs to no expected message")
    own_device = session.facts.own_device
    return place, message_part.open_header(place.header_key, part, tag=tag, recipient=own_device)


def _find_behind_hello(session: Session, part: bytes) -> tuple[Place, Header]:
    """Find a message that repeats its session's hello: its tag is the hello's, not its own."""
    for key in ratchets.known_header_keys(session.ratchet):
        try:
            header = message_part.open_header(
                key, part, tag=session.facts.hello_tag, recipient=session.facts.own_device
            )
        except CryptoError:
            continue
        place = ratchets.place_in_known_chain(session.ratchet, key, header.number)
        if place is not None:
            return place, header
    raise CryptoError("an envelope belongs to no expected message")
