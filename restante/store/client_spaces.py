"""The channels of spaces, as the spaces' logs list them.

Rule: follows from the logs and is written anew with them; whether a channel's group is known here
is another question. Spec: docs/client-store.md; docs/protocol/groups.md, section 8.
"""

from __future__ import annotations

from collections.abc import Iterable

from restante.store.client_rows import Rows, Shape, Statement
from restante.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelRow:
    """A channel of a space; `position` orders those of a category."""

    space_id: bytes
    group_id: bytes
    category: str
    position: int


_CHANNEL = Shape(ChannelRow)
_ADD = Statement("spaces.ADD")
_FORGET = Statement("spaces.FORGET")
_CHANNELS = Statement("spaces.CHANNELS")
_ONE = Statement("spaces.ONE")


def put_channels(rows: Rows, space_id: bytes, channels: Iterable[ChannelRow]) -> None:
    """Keep which channels a space has, in the place of those before."""
    rows.run(_FORGET, which=space_id)
    for each in channels:
        rows.run(_ADD, **_CHANNEL.write(each))


def channels(rows: Rows, space_id: bytes) -> list[ChannelRow]:
    """Return a space's channels, by category and position."""
    return [_CHANNEL.read(found) for found in rows.all(_CHANNELS, space_id=space_id)]


def channel(rows: Rows, space_id: bytes, group_id: bytes) -> ChannelRow | None:
    """Return a channel of a space, if that lists it."""
    found = rows.first(_ONE, space=space_id, group=group_id)
    return None if found is None else _CHANNEL.read(found)
