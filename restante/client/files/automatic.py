"""Which files are fetched without being asked for.

Rule: only what somebody sends whom the user has accepted, and only from that account's own relay:
nobody can have a stranger's address looked at, nor the user's shown to a server of their choice.
Spec: docs/files.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from restante.client.acquaintance import is_welcome
from restante.client.directory import manifest_of
from restante.client.files.showing import body_of, role_of
from restante.client.grammar import preferences
from restante.client.syncing.self_contact import is_self
from restante.errors import RemoteProtocolError
from restante.protocol.address import AddressError, RelayAddress
from restante.store.client_contacts import contact

if TYPE_CHECKING:
    from restante.protocol.content import File
    from restante.store.client_contacts import ContactRow
    from restante.store.client_messages import MessageRow
    from restante.store.client_rows import Rows

LIMITS_BYTES: Final = {
    "image": 8 * 1024**2,
    "voice": 8 * 1024**2,
    "text": 8 * 1024**2,
    "video": 0,
    "folder": 0,
    "file": 1024**2,
}
"""By what a file is shown as: what is looked at or heard at once, and what is small."""


LOOKED_AT: Final = frozenset({"image", "voice", "text"})
ALL_BYTES: Final = 128 * 1024**2
"""Of a file of any kind, for who has all of them fetched."""


def is_wanted(rows: Rows, row: MessageRow, *, now_s: int) -> bool:
    """Whether the file of a message is fetched by itself."""
    chosen = preferences.fetched_in(rows, row.conversation)
    chosen = chosen or preferences.value(rows, preferences.FILES)
    if chosen == "off":
        return False
    whom = contact(rows, row.author)
    if whom is None or not (is_welcome(whom) or is_self(whom)):
        return False
    try:
        body = body_of(row)
    except RemoteProtocolError:
        return False
    if body.expires_at_s <= now_s or not _is_at_home(body, whom):
        return False
    return body.size_bytes <= _most_bytes(chosen, role_of(body))


def _most_bytes(chosen: str, role: str) -> int:
    """Return how large a file may be that is shown so; -1: it isn't fetched by itself."""
    if chosen == "all":
        return ALL_BYTES
    if chosen == "pictures" and role not in LOOKED_AT:
        return -1
    return LIMITS_BYTES[role]


def _is_at_home(body: File, whom: ContactRow) -> bool:
    try:
        named = RelayAddress.parse(body.relay)
    except AddressError:
        return False
    return named.authority == manifest_of(whom).address.relay.authority
