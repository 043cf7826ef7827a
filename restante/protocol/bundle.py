"""What is in a bundle: sealed envelopes on their way in a file. Pure.

    magic || begins || envelopes || ends

Rule: whoever finds one learns how many envelopes there are and of which sizes; for which mailbox
each is, and with which token, only who knows that mailbox or token can tell. An envelope is its
own proof: a bundle adds none, and one that is cut off is good as far as it goes.
Spec: docs/protocol/bundle.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Final

from msgspec import Meta, Struct

from restante.errors import RemoteProtocolError
from restante.protocol.codec import decode_tagged, encode
from restante.protocol.ids import U32, U63, Bytes16, bundle_hint
from restante.protocol.limits import BUCKETS

MAGIC: Final = b"restante bundle\n"
BUNDLE_VERSION: Final = 1

MAX_ENVELOPES: Final = 65_536
"""Of one bundle: 4 GiB at the most, and a bound on what a file can make a device remember."""

_LENGTH_BYTES: Final = 4
_MAX_ITEM_BYTES: Final = BUCKETS[-1] + 256


class BundleItem(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """One item; its array opens with its number."""


class BundleBegins(BundleItem, frozen=True, tag=1):
    """The first item. `nonce` is drawn for each bundle: hints of two of them never agree."""

    version: Annotated[int, Meta(ge=BUNDLE_VERSION, le=BUNDLE_VERSION)]
    nonce: Bytes16
    made_at_s: U63


class BundledEnvelope(BundleItem, frozen=True, tag=2):
    """An envelope under the id that a relay would get it by; hints of its mailbox and token.

    A hint is `hint_of` the nonce, this envelope's id, and the mailbox or token; one of no token is
    random.
    """

    id: Bytes16
    mailbox_hint: Bytes16
    token_hint: Bytes16
    payload: Annotated[bytes, Meta(min_length=BUCKETS[0], max_length=BUCKETS[-1])]


class BundleEnds(BundleItem, frozen=True, tag=3):
    """The last item: how many envelopes there were."""

    envelopes: U32


_ITEMS: Final[dict[int, type[BundleItem]]] = {
    1: BundleBegins,
    2: BundledEnvelope,
    3: BundleEnds,
}


def hint_of(nonce: bytes, envelope_id: bytes, secret: bytes) -> bytes:
    """Return what lets who knows a mailbox or token find what is for it."""
    return bundle_hint(nonce, envelope_id, secret)


def pack_bundle_item(item: BundleItem) -> bytes:
    """Encode an item: its length as u32 big-endian, then the array."""
    packed = encode(item)
    return len(packed).to_bytes(_LENGTH_BYTES, "big") + packed


class BundleReader:
    """Cuts what comes in pieces into envelopes."""

    def __init__(self) -> None:
        self._waiting = bytearray()
        self._has_magic = False
        self._envelopes = 0
        self.begins: BundleBegins | None = None
        self.is_whole = False
        """Whether the last item was read."""

    def push(self, read: bytes) -> Iterator[BundledEnvelope]:
        """Take the next piece, and yield each whole envelope.

        Raises RemoteProtocolError if it is no bundle, or goes on after its end.
        """
        self._waiting += read
        if not self._has_magic:
            if len(self._waiting) < len(MAGIC):
                return
            if not self._waiting.startswith(MAGIC):
                raise RemoteProtocolError("the file is no bundle")
            del self._waiting[: len(MAGIC)]
            self._has_magic = True
        while (item := self._next()) is not None:
            if self.is_whole or isinstance(item, BundleBegins) != (self.begins is None):
                raise RemoteProtocolError("a bundle begins once and ends once")
            if isinstance(item, BundleBegins):
                self.begins = item
            elif isinstance(item, BundledEnvelope):
                self._envelopes += 1
                if self._envelopes > MAX_ENVELOPES:
                    raise RemoteProtocolError("a bundle of too many envelopes")
                yield item
            elif isinstance(item, BundleEnds):
                if item.envelopes != self._envelopes:
                    raise RemoteProtocolError("a bundle doesn't hold what it says")
                self.is_whole = True
        if self.is_whole and self._waiting:
            raise RemoteProtocolError("a bundle goes on after its end")

    def _next(self) -> BundleItem | None:
        size = int.from_bytes(self._waiting[:_LENGTH_BYTES], "big")
        if len(self._waiting) < _LENGTH_BYTES:
            return None
        if not 0 < size <= _MAX_ITEM_BYTES:
            raise RemoteProtocolError("a bundle is not made of items")
        end = _LENGTH_BYTES + size
        if len(self._waiting) < end:
            return None
        packed = bytes(self._waiting[_LENGTH_BYTES:end])
        del self._waiting[:end]
        return decode_tagged(packed, _ITEMS)
