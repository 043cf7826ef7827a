"""What a transaction did, collected while it runs and told to everybody once it is committed.

Rule: nobody hears of what a rollback may still undo. Knows no service; `announcer` makes events of
it, the engine's services their wake-ups.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from restante.protocol.ids import LookupTag
    from restante.store.client_messages import Placed


@dataclass(slots=True, kw_only=True)
class Changes:
    """The collection; one for each transaction."""

    expected: set[LookupTag] = field(default_factory=set)
    """Tags of messages that can be opened since now, on sender keys of groups."""
    added: list[Placed] = field(default_factory=list)
    """Messages that are new, each with its position when it was filed, in that order."""
    changed: list[Placed] = field(default_factory=list)
    """Messages that have another state or text."""
    conversations: dict[bytes, None] = field(default_factory=dict)
    """Conversations whose line is new or different, in the order in which they were touched."""
    cursors: list[int] = field(default_factory=list)
    """New lines of the feed."""
    typing: list[tuple[bytes, str, bool]] = field(default_factory=list)
    """Conversations, and who says whether they are typing there."""
    presences: list[tuple[bytes, bool, int]] = field(default_factory=list)
    """Accounts that say whether they are there, and when they last were (unix seconds)."""
    is_resync: bool = False
    """Something vanished: whoever watches should read everything again."""
    is_outbox_due: bool = False
    """There is something to send."""
    are_joins_due: bool = False
    """Somebody has an invite link to a group of ours, and is to be let in."""
    spaces: set[bytes] = field(default_factory=set)
    """Spaces whose log, or a channel's, has changed: their channels are compared with them."""
    joined: set[bytes] = field(default_factory=set)
    """Groups that we are in since now: their logs know of no device that was revoked before."""
    are_receipts_owed: bool = False
    are_tokens_changed: bool = False
    """The relay's list of our delivery tokens is out of date."""
    is_upkeep_due: bool = False
    """Something else that the relay holds of us is out of date."""
    is_transfer_due: bool = False
    """A part of a history was announced or taken, or one is to be given out."""
    are_devices_changed: bool = False
    """A device of ours has another name, or there are others."""
    is_account_changed: bool = False
    """The account has another manifest: the engine's services go on with that."""
    is_move_noted: bool = False
    """An account says that it has moved: it is looked up where it says it is."""
    is_account_doubtful: bool = False
    """Somebody knows another manifest of ours than we do: the relay is asked."""
    are_requests_full: bool | None = None
    """Whether strangers are turned away, where this says anything of it."""
    are_lists_doubtful: bool = False
    """A contact goes by a list of devices that we don't know."""
    outdated: dict[bytes, bytes | None] = field(default_factory=dict)
    """Contacts who have newer devices than we knew of, by the manifest that we knew: their relays
    are asked, unless we know a newer one by now, and first messages that wait for it opened."""

    def message_added(self, placed: Placed) -> None:
        """Note a new message."""
        self.added.append(placed)
        self.conversations[placed.row.conversation] = None

    def message_changed(self, placed: Placed | None) -> None:
        """Note a message that changed; None is ignored."""
        if placed is not None:
            self.changed.append(placed)
            self.conversations[placed.row.conversation] = None
