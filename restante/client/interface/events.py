"""What the engine tells its watchers, in the order in which it can be applied.

Rule: a watcher ignores what it doesn't know; one that was too slow gets Resync. Spec: docs/rpc.md.
"""

from __future__ import annotations

from typing import Literal

from restante.client.interface.account_values import DeviceLink, Status
from restante.client.interface.consuming import Received
from restante.client.interface.conversation_values import Conversation
from restante.client.interface.message_values import Message
from restante.client.interface.view import ConversationKey, View


class StatusChanged(View, frozen=True, tag="status"):
    """The connection or the outbox changed."""

    status: Status


class MessageAdded(View, frozen=True, tag="message_added"):
    """A message appeared, at `message.position`; those from there on moved by one."""

    message: Message


class MessageChanged(View, frozen=True, tag="message_changed"):
    """A message's state or text changed; its position didn't."""

    message: Message


class ConversationChanged(View, frozen=True, tag="conversation_changed"):
    """A conversation is new, or its line changed."""

    conversation: Conversation


class ReceivedEvent(View, frozen=True, tag="received"):
    """Something for `tail`."""

    received: Received


class LinkChanged(View, frozen=True, tag="link_changed"):
    """The linking under way came further, or ended."""

    link: DeviceLink


class DevicesChanged(View, frozen=True, tag="devices_changed"):
    """The account has other devices, or one has another name: ask for `devices` again."""


class TypingChanged(View, frozen=True, tag="typing"):
    """Somebody has begun or stopped typing. Forget it after 10 s without another one."""

    conversation: ConversationKey
    is_typing: bool
    name: str = ""
    """Who it is, as in `Sender`: in a group it may be several."""


class TransferProgress(View, frozen=True, tag="transfer"):
    """How far a history is on its way between this device and another one of the account's."""

    direction: Literal["in", "out"]
    device: str
    """Hex id of the other device."""
    done_bytes: int
    total_bytes: int
    """About how many there are in all; exact at the end."""
    rate_bytes_s: int
    left_s: float | None
    """None while nobody can say."""
    is_complete: bool
    """All is here (`in`); all is at the relay, and said once more when the other device has it."""


class BackupProgress(View, frozen=True, tag="backup"):
    """How far a backup is that is written, checked or taken in, in steps of about a message."""

    action: Literal["create", "verify", "restore"]
    done: int
    total: int
    is_complete: bool


class FileProgress(View, frozen=True, tag="file"):
    """How far a message's file is on its way to or from a relay; in sealed bytes."""

    conversation: ConversationKey
    message: str
    """Hex of the message id."""
    direction: Literal["in", "out"]
    done_bytes: int
    total_bytes: int
    rate_bytes_s: int
    left_s: float | None
    """None while nobody can say."""
    error: str | None
    """What holds it up; it goes on by itself."""


class Resync(View, frozen=True, tag="resync"):
    """The subscriber was too slow and missed events: read everything again."""


class Locked(View, frozen=True, tag="locked"):
    """The engine has forgotten its keys; so must whoever shows something. Then `resync` comes."""


Event = (
    StatusChanged
    | MessageAdded
    | MessageChanged
    | ConversationChanged
    | ReceivedEvent
    | TypingChanged
    | LinkChanged
    | DevicesChanged
    | TransferProgress
    | BackupProgress
    | Locked
    | FileProgress
    | Resync
)
