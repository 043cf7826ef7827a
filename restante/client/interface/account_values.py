"""What the engine shows of the account: its connection, devices, keys and history.

Rule: as in view.py. Spec: docs/engine.md, sections 14 to 18.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from restante.client.interface.view import ConversationKey, View


class ConnectionPhase(StrEnum):
    """The engine's way to its relay."""

    OFFLINE = "offline"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    STOPPED = "stopped"


class LinkState(StrEnum):
    """How far the linking of a device has come."""

    WAITING = "waiting"
    """The new device shows its code; nobody has followed it yet."""
    COMPARE = "compare"
    """The new device shows six digits, which are to be typed on the old one."""
    LINKED = "linked"
    FAILED = "failed"
    """`error` says why. The code is worth nothing any more."""


class Status(View, frozen=True):
    """What the engine is doing."""

    profile: str
    address: str | None
    """None until the profile has an account."""
    device: str | None
    phase: ConnectionPhase
    since: str
    retry_in_s: float | None
    outbox_count: int
    error: str | None
    pid: int
    recovery: Literal["unconfirmed", "confirmed"] | None = None
    """Where the recovery kit stands; None without an account, and on a linked device."""
    history: Literal["coming", "incomplete"] | None = None
    """How the history from another device stands; None: whole, or there never was another."""


class HistoryState(View, frozen=True):
    """How the account's history stands on this device."""

    state: Literal["whole", "coming", "incomplete"]
    """`coming`: another device gives it. `incomplete`: some was lost on the way."""
    lost_parts: int
    """Parts that expired, were damaged, or were none."""
    lost_entries: int
    """Single entries that couldn't be read or given."""
    error: str | None
    """What is lost and what to do, once it is `incomplete`."""


class AccountDeleted(View, frozen=True):
    """What became of an account that was deleted. `told`: contacts who have heard of it."""

    address: str
    told: int
    untold: int
    """They find out when they write."""
    unerased: list[str]
    """Addresses of before, whose relays couldn't be asked to erase the account."""


class AuditTable(View, frozen=True):
    """What one of the relay's tables holds of the account: how many rows, and the first of them."""

    table: str
    rows: int
    columns: list[str]
    sample: list[list[str]]
    """Numbers, hexadecimal, `sha256:` and the hash of what is long; empty where nothing is kept."""


class Audit(View, frozen=True):
    """All that the relay says it holds of the account. `findings`: what is not as it should be."""

    address: str
    tables: list[AuditTable]
    findings: list[str]


class RecoveryKit(View, frozen=True):
    """What belongs on paper: the address, and the root secret as 24 words."""

    address: str
    """With the relay's pin, if it has one: an empty machine knows no other way to trust it."""
    words: list[str]


class KeyGrant(View, frozen=True):
    """What a capability key may do: send texts into one conversation, so many, until then."""

    conversation: ConversationKey
    to: str
    """What the conversation is called."""
    messages: int
    used: int
    """How many of them have come here."""
    until: str
    """RFC 3339 UTC."""


class Device(View, frozen=True):
    """One of the account's devices, or a capability key, which a script holds."""

    id: str
    """Hex of the device id."""
    name: str
    """What the user calls it, else the start of its id."""
    is_this: bool
    is_first: bool
    """Whether it is the one that adds and revokes devices."""
    added_at: str
    """RFC 3339 UTC."""
    history: Literal["coming", "incomplete"] | None = None
    """How the account's history stands there: of this device, or of one that gets it from here."""
    is_key: bool = False
    """Whether it is a capability key: it reads nothing, and does no more than its grant says."""
    grant: KeyGrant | None = None
    """Of a capability key, once it is known here: where it was made, or it was used."""


class NewKey(View, frozen=True):
    """A capability key that was just made, and its secret, which is shown this once."""

    device: Device
    secret: str


class DeviceLink(View, frozen=True):
    """A linking under way, as the new device or the old one sees it."""

    state: LinkState
    address: str
    name: str
    """What the new device is called."""
    code: str | None
    """One line to paste or scan on the old device."""
    digits: str | None
    """On the new device, in state `compare`: to be typed on the old one."""
    expires_at: str
    """RFC 3339 UTC: the code is worth nothing afterwards."""
    error: str | None
