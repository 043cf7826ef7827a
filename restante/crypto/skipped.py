"""Keys of messages that have not arrived yet: kept for a while, found by tag, used once.

Rule: at most 2000 keys in 5 chains for 30 days; when there are more, the oldest go. Values are
replaced, never changed. Source: Double Ratchet, sections 2.6 and 4.3 (MKSKIPPED).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from restante.crypto.limits import MAX_SKIPPED, MAX_SKIPPED_CHAINS, SKIPPED_TTL_S
from restante.crypto.tags import tag
from restante.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from restante.crypto.keys import HeaderKey, MessageKey
    from restante.protocol.ids import LookupTag


@dataclass(frozen=True, slots=True, kw_only=True)
class SkippedKey:
    """One missing message's key, and since when it is missing (seconds)."""

    number: int
    message: MessageKey
    kept_at_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SkippedChain:
    """The missing messages of one chain, oldest first; never empty once stored."""

    header_key: HeaderKey
    keys: Mapping[LookupTag, SkippedKey]


def keep(
    chains: tuple[SkippedChain, ...],
    header_key: HeaderKey,
    first_number: int,
    messages: Sequence[MessageKey],
    *,
    now_s: int,
) -> tuple[SkippedChain, ...]:
    """Return `chains` with the keys of `messages`, numbered from `first_number`, added.

    They join their chain if it is there already (it is the last one then). Limits are applied.
    """
    if not messages:
        return chains
    new = {
        tag(header_key, number): SkippedKey(number=number, message=message, kept_at_s=now_s)
        for number, message in enumerate(messages, first_number)
    }
    if chains and chains[-1].header_key == header_key:
        joined = SkippedChain(header_key=header_key, keys={**chains[-1].keys, **new})
        return _bounded((*chains[:-1], joined))
    return _bounded((*chains, SkippedChain(header_key=header_key, keys=new)))


def take(
    chains: tuple[SkippedChain, ...], index: int, wanted: LookupTag
) -> tuple[tuple[SkippedChain, ...], MessageKey]:
    """Return `chains` without the key of `wanted` in the chain at `index`, and that key."""
    chain = chains[index]
    left = dict(chain.keys)
    taken = left.pop(wanted)
    rest = (SkippedChain(header_key=chain.header_key, keys=left),) if left else ()
    return (*chains[:index], *rest, *chains[index + 1 :]), taken.message


def expire(chains: tuple[SkippedChain, ...], *, now_s: int) -> tuple[SkippedChain, ...]:
    """Return `chains` without the keys kept since more than 30 days before `now_s`.

    Returns `chains` itself when none is, which is nearly always: keys stand in the order in which
    they were kept, so that the first of each chain tells.
    """
    oldest_s = now_s - SKIPPED_TTL_S
    if all(next(iter(chain.keys.values())).kept_at_s >= oldest_s for chain in chains):
        return chains
    left = (
        SkippedChain(
            header_key=chain.header_key,
            keys={name: key for name, key in chain.keys.items() if key.kept_at_s >= oldest_s},
        )
        for chain in chains
    )
    return tuple(chain for chain in left if chain.keys)


def _bounded(chains: tuple[SkippedChain, ...]) -> tuple[SkippedChain, ...]:
    chains = chains[-MAX_SKIPPED_CHAINS:]
    surplus = sum(len(chain.keys) for chain in chains) - MAX_SKIPPED
    while surplus > 0:
        oldest = chains[0]
        left = dict(list(oldest.keys.items())[surplus:])
        surplus -= len(oldest.keys) - len(left)
        rest = (SkippedChain(header_key=oldest.header_key, keys=left),) if left else ()
        chains = (*rest, *chains[1:])
    return chains
