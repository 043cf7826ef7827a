"""The two kinds of symmetric chain: the one we send on and the one we receive on.

Rule: a chain only moves forward, and a message key leaves it once. Knows nothing of DH steps.
Source: Double Ratchet, section 3.1 (symmetric-key ratchet).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from restante.crypto import kdf
from restante.crypto.limits import MAX_NUMBER
from restante.errors import CryptoError
from restante.values import dataclass

if TYPE_CHECKING:
    from restante.crypto.keys import ChainKey, HeaderKey, MessageKey


@dataclass(frozen=True, slots=True, kw_only=True)
class SendingChain:
    """Where we stand in our own chain (CKs, HKs, Ns)."""

    key: ChainKey
    header_key: HeaderKey
    number: int

    def step(self) -> tuple[SendingChain, MessageKey]:
        """Return the chain after message `number`, and that message's key.

        Raises CryptoError after 2^32 - 1 messages (the peer must answer first), so that the chain's
        length still fits the next one's headers.
        """
        if self.number >= MAX_NUMBER:
            raise CryptoError("a sending chain is used up")
        key, message = kdf.chain_step(self.key)
        following = SendingChain(key=key, header_key=self.header_key, number=self.number + 1)
        return following, message


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivingChain:
    """Where we stand in the peer's chain (CKr, HKr, Nr)."""

    key: ChainKey
    header_key: HeaderKey
    number: int

    def step(self) -> tuple[ReceivingChain, MessageKey]:
        """Return the chain after message `number`, and that message's key."""
        key, message = kdf.chain_step(self.key)
        following = ReceivingChain(key=key, header_key=self.header_key, number=self.number + 1)
        return following, message

    def skip(self, count: int) -> tuple[ReceivingChain, list[MessageKey]]:
        """Return the chain `count` messages further, and the keys passed over, in order.

        The caller bounds `count` first: each costs two HMACs.
        """
        key, keys = self.key, []
        for _ in range(count):
            key, message = kdf.chain_step(key)
            keys.append(message)
        following = ReceivingChain(key=key, header_key=self.header_key, number=self.number + count)
        return following, keys
