"""The engine as everyone calls it: in process, or behind its socket.

Rule: a method added here is on the socket, with its parameters checked. Spec: docs/rpc.md.
"""

from __future__ import annotations

from typing import Protocol

from restante.client.interface.backup_values import (
    Backup,
    BackupChecked,
    BackupMade,
    BackupRestored,
    BackupSchedule,
    BundleMade,
    BundleTaken,
    ImportedText,
    ImportResult,
)
from restante.client.interface.events import (
    Event,
)
from restante.client.interface.examining import Examining
from restante.client.interface.keeping import Keeping
from restante.client.interface.polling import Polling
from restante.client.interface.values import (
    AccountDeleted,
    Audit,
    Consumer,
    Contact,
    Conversation,
    ConversationKey,
    DeadLetter,
    Device,
    DeviceLink,
    Group,
    GroupAsked,
    GroupInvite,
    HistoryState,
    Message,
    NewKey,
    Pixels,
    Received,
    RecoveryKit,
    SafetyNumber,
    Scheduled,
    Sound,
    Space,
    Status,
    Storage,
    Thread,
    Version,
    Why,
)


class EventStream(Protocol):
    """A subscription; async iterator and async context manager. Bounded: see Resync."""

    def __aiter__(self) -> EventStream: ...
    async def __anext__(self) -> Event: ...
    async def __aenter__(self) -> EventStream: ...
    async def __aexit__(self, *exc: object) -> None: ...


class Engine(Keeping, Examining, Polling, Protocol):
    """One profile's engine, in this process or behind its socket: the same methods.

    Every method may raise UserError (the sentence and exit code to show). Cancelling a call either
    has no effect or lets it finish; nothing is half done.
    """

    async def status(self) -> Status:
        """Return what the engine is doing."""

    async def register(self, *, address: str, invite: str | None) -> Status:
        """Create keys, manifest and account at a relay. UserError: taken, invite, unreachable."""

    async def recover(self, *, address: str, words: str, stays: bool = False) -> Status:
        """Bring an account back with the 24 words of its kit, as this profile's.

        `stays`: at this address, though it has moved on to a relay that can't be reached.
        UserError: a wrong word, another account at the address, a profile that is in use.
        """

    async def account_move(
        self, *, address: str, invite: str | None = None, words: str | None = None
    ) -> Status:
        """Take the account to another relay or name; contacts follow. Called again, it goes on.

        `words` of the kit, once that was confirmed. UserError: the same address, wrong words.
        """

    async def account_delete(self, *, address: str) -> AccountDeleted:
        """Delete the account at its relay, tell contacts, and empty this profile. No way back.

        `address` is the account's own, as a confirmation. UserError: another; not the first device.
        """

    async def account_audit(self) -> Audit:
        """Ask the relay for all that it holds of the account, and compare it with what it should.

        UserError: the relay can't be reached.
        """

    async def recovery_kit(self) -> RecoveryKit:
        """Return the recovery kit. UserError: it was confirmed, or this device is a linked one."""

    async def recovery_challenge(self) -> list[int]:
        """Draw three words of the kit, counted from 1, that are to be named."""

    async def recovery_confirm(self, words: list[str]) -> Status:
        """Name the three words; if they are right, the root secret is erased from this machine."""

    async def backup_create(
        self, path: str | None = None, *, new_key: bool = False, files: bool = True
    ) -> BackupMade:
        """Write all of the history to a new, encrypted file; without a path, where the schedule
        says, and then those too many are deleted.

        UserError: the file is there, can't be written, no schedule.
        """

    async def backup_verify(self, path: str, *, words: str | None = None) -> BackupChecked:
        """Prove that a backup restores: in a sandbox, compared row by row.

        `words` that open it, unless this profile's key does. UserError says what is wrong with it.
        """

    async def backup_restore(
        self, path: str, *, words: str | None = None, kit: str | None = None, older: bool = False
    ) -> BackupRestored:
        """Take in a backup of this account's; a profile without one becomes that of `kit`.

        UserError: it isn't whole, is another account's, or an `older` one than is known here.
        """

    async def backups(self) -> list[Backup]:
        """Return the backups that were made here, the newest first."""

    async def backup_schedule(self) -> BackupSchedule | None:
        """Return when backups are made by themselves; None: they aren't."""

    async def backup_set_schedule(
        self, *, directory: str | None, every_s: int = 86_400, keep: int = 7, files: bool = True
    ) -> BackupSchedule | None:
        """Have backups made by themselves, the first one soon; a directory of None: no more.

        UserError: there is no such directory, no backup was made yet, a number is out of range.
        """

    async def import_texts(
        self, conversation: ConversationKey, texts: list[ImportedText], *, dry_run: bool = False
    ) -> ImportResult:
        """File texts from a file (at most 512) in a conversation's past, marked as imported.

        The same ones again change nothing. UserError: there is no such conversation, too many.
        """

    async def bundle_export(
        self, path: str, *, conversation: ConversationKey | None = None
    ) -> BundleMade:
        """Write what waits to be sent, sealed, to a new file, for everybody, a contact or a group.

        It stays in the outbox: who gets it both ways has it once. UserError: nothing waits.
        """

    async def bundle_import(self, path: str) -> BundleTaken:
        """Take in what is for this device in a file, as if a relay had delivered it.

        UserError: it is no bundle, is damaged, can't be read.
        """

    async def conversations(self) -> list[Conversation]:
        """Return all conversations, the one with the newest message first; requests included."""

    async def resolve(self, text: str) -> ConversationKey:
        """Find a conversation by address, petname or key. UserError lists choices if ambiguous."""

    async def messages(
        self, conversation: ConversationKey, *, start: int, count: int
    ) -> list[Message]:
        """Return the messages at positions start .. start+count-1 (at most 512), oldest first."""

    async def search(
        self,
        words: str = "",
        *,
        conversation: ConversationKey | None = None,
        sender: ConversationKey | None = None,
        since: str | None = None,
        before: str | None = None,
        type: str | None = None,  # noqa: A002  # what the command line calls it
        past: str | None = None,
        limit: int = 50,
    ) -> list[Message]:
        """Return the newest messages (at most 512) that have all the words, and are all the rest.

        The last word may be unfinished; accents and case don't matter. `sender`: the conversation
        with whoever wrote it (one's own: with oneself). Times are RFC 3339; `before` itself is
        left out. `type`: a message's kind, or `link`. `past`: older than this message, to go on.
        UserError: nothing to look for, no such type, no time.
        """

    async def mentions(
        self, *, unread: bool, past: str | None = None, limit: int = 50
    ) -> list[Message]:
        """Return what names the user or answers them (at most 512), of all chats, newest first.

        `unread`: what they haven't read, or else what they have. `past`: older than this message,
        to go on. What strangers wrote is in it once they are accepted.
        """

    async def thread(self, message_id: str, *, start: int = 0, count: int = 512) -> Thread:
        """Return the thread that a message is in: what its quotes lead to, and all answers to that.

        Of its messages those from `start` on, at most 512. UserError: there is no such message.
        """

    async def position_at(self, conversation: ConversationKey, *, at: str) -> int:
        """Return the position of the first message of a time (RFC 3339), or of the end."""

    async def send(
        self,
        conversation: ConversationKey,
        text: str,
        *,
        quote: str | None = None,
        message_id: str | None = None,
        idempotency_key: str | None = None,
    ) -> Message:
        """Put a text in the outbox, durably, and return it as queued. Same id twice: one message.

        Under an `idempotency_key` (1 to 256 characters, known for 90 days) the same text is sent
        once, and the second call returns how it stands. UserError: empty, too long (names the
        limit), blocked, key changed, the idempotency key was used for another text.
        """

    async def schedule(
        self,
        conversation: ConversationKey,
        text: str,
        *,
        at: str,
        quote: str | None = None,
        message_id: str | None = None,
    ) -> Scheduled:
        """Keep a text, durably, and send it at a time (RFC 3339) if an engine runs then, or after.

        UserError: empty, too long, no time, in the past, more than a year ahead.
        """

    async def scheduled(self) -> list[Scheduled]:
        """Return the texts that wait for their time, the next one first."""

    async def unschedule(self, message_id: str) -> None:
        """Take back a text that waits for its time. UserError: there is none of this id."""

    async def message(self, message_id: str) -> Message:
        """Return one message as it stands now."""

    async def why(self, message_id: str) -> Why:
        """Tell what became of a message, device by device, and what that means."""

    async def edit(self, message_id: str, text: str) -> Message:
        """Change what a text of one's own says. UserError: not one's own, deleted, empty, long."""

    async def delete(self, message_id: str, *, for_everyone: bool) -> None:
        """Delete a message of one's own for everyone, or any for this account alone."""

    async def react(self, message_id: str, emoji: str) -> Message:
        """Put an emoji on a message, in the place of one's earlier one; empty takes that back."""

    async def pin(self, message_id: str, *, pinned: bool) -> Message:
        """Pin a message for everybody in the conversation, or take that back."""

    async def edits(self, message_id: str) -> list[Version]:
        """Return what a message has said, oldest first; the last is what it says now."""

    async def pinned(self, conversation: ConversationKey) -> list[Message]:
        """Return the pinned messages of a conversation, oldest first."""

    async def send_location(
        self,
        conversation: ConversationKey,
        *,
        latitude: float,
        longitude: float,
        accuracy_m: int | None = None,
        label: str = "",
        live_s: int = 0,
        message_id: str | None = None,
    ) -> Message:
        """Send a place, in degrees WGS 84; with `live_s` newer ones may follow for so long.

        UserError: no such place, or for longer than 8 hours.
        """

    async def send_file(
        self,
        conversation: ConversationKey,
        *,
        path: str | None = None,
        handle: str | None = None,
        name: str | None = None,
        caption: str = "",
        quote: str | None = None,
        message_id: str | None = None,
        is_text: bool = False,
        is_original: bool = False,
        waveform: list[int] | None = None,
        duration_s: float = 0.0,
    ) -> Message:
        """Send the file or folder at a whole path, or what was handed in; return it as queued.

        The file is kept, sealed, when this returns; the message goes when it is at the relay. Same
        id twice: one message. `is_text`: it is a message that is too long, and the caption begins
        it. Of a picture only that is sent, and not where it was taken, unless `is_original`.
        With a `waveform` (up to 128 stretches, each 0 to 255) what was handed in is a voice note.
        UserError: can't be read, past 5 GiB, no room, a picture that can't be taken apart.
        """

    async def forward(
        self,
        conversation: ConversationKey,
        *,
        source: str,
        stays: bool = False,
        message_id: str | None = None,
    ) -> Message:
        """Send what a message says to a conversation as one's own: no author, quote or mention.

        Same id twice: one message. `stays`: also one that disappears where it was said. UserError:
        it says nothing, was deleted, disappears; its file isn't here.
        """

    async def file_begin(self) -> str:
        """Begin a file that is handed in, piece by piece; return a handle for `send_file`."""

    async def file_add(self, handle: str, piece: str) -> int:
        """Add up to 256 KiB, in base64, to a file; return how many bytes it has now."""

    async def files(
        self, conversation: ConversationKey | None, *, start: int, count: int
    ) -> list[Message]:
        """Return messages that carry files, the newest first: of a conversation, or of all."""

    async def file_fetch(self, message_id: str) -> Message:
        """Have the file of a message fetched; `message_changed` says when it is here."""

    async def file_stop(self, message_id: str) -> Message:
        """Fetch no more of it for now; it goes on from there when it is fetched again."""

    async def file_save(
        self, message_id: str, *, directory: str, name: str | None = None, unpacks: bool = False
    ) -> str:
        """Write a file that is here into a directory, beside what is there; return its path.

        `unpacks`: a folder's archive is made a folder again. UserError: it isn't here, nothing can
        be written there, something in the archive is no file or leads elsewhere.
        """

    async def file_drop(self, message_id: str) -> Message:
        """Remove a file from this device; it may be fetched again while the relay keeps it."""

    async def file_picture(self, message_id: str, *, width: int, height: int) -> Pixels:
        """Decode a picture that is here, apart from everything, into a box of so many pixels.

        A box has at most 1,600 each way. UserError: it isn't here, or can't be shown.
        """

    async def file_sound(
        self, message_id: str, *, speed: float = 1.0, from_s: float = 0.0
    ) -> Sound:
        """Decode a voice note that is here, apart, from a second on; half to twice as fast.

        UserError: it isn't here, or can't be heard here.
        """

    async def storage(self) -> list[Storage]:
        """Return what files take on this device, the conversation with the most first."""

    async def move_location(
        self,
        message_id: str,
        *,
        latitude: float,
        longitude: float,
        accuracy_m: int | None = None,
        ends: bool = False,
    ) -> Message:
        """Say where one is now, in a live location of one's own; with `ends` for the last time."""

    async def send_contact(
        self,
        conversation: ConversationKey,
        *,
        contact: ConversationKey,
        message_id: str | None = None,
    ) -> Message:
        """Send somebody's address, and which account must be found there."""

    async def add_card(self, message_id: str, *, petname: str | None = None) -> Contact:
        """Add whom a contact card names, if the account that it says is found at the address."""

    async def set_timer(self, conversation: ConversationKey, *, timer_s: int) -> Conversation:
        """Let new messages disappear so long after they were read; 0: they stay. For everybody.

        UserError: shorter than 5 seconds, or longer than a year.
        """

    async def set_muted(self, conversation: ConversationKey, *, until: str | None) -> Conversation:
        """Say nothing of a conversation until a time (RFC 3339); None: say it again."""

    async def set_alerts(self, conversation: ConversationKey, *, level: str) -> Conversation:
        """Say which messages of a conversation call, on all devices: all, mentions or none.

        `mentions`: those that name the user or hold one of their keywords (a setting).
        """

    async def set_chat_pinned(self, conversation: ConversationKey, *, pinned: bool) -> Conversation:
        """Keep a conversation at the top of the list, on all devices; or no longer."""

    async def set_archived(self, conversation: ConversationKey, *, archived: bool) -> Conversation:
        """Put a conversation away on all devices, or take it out again."""

    async def set_draft(
        self, conversation: ConversationKey, text: str, *, thread: str | None = None
    ) -> Conversation:
        """Keep what the user has begun to write, up to 16,000 bytes, for all devices.

        `thread`: in the thread that begins with this message.
        """

    async def settings(self, conversation: ConversationKey | None = None) -> dict[str, str]:
        """Return the account's settings, or those of a conversation.

        receipts, typing, presence: "on" or "off". files: "on" (what is small), "off", "pictures"
        (of that what is looked at or heard), "all"; of a conversation also "usual". keywords: words
        with commas between.
        """

    async def set_setting(
        self, name: str, value: str, *, conversation: ConversationKey | None = None
    ) -> dict[str, str]:
        """Change a setting on all devices, or in one conversation; return all that there are then.

        UserError lists what there is.
        """

    async def typing(self, conversation: ConversationKey, *, is_typing: bool) -> None:
        """Let the other side see that the user is typing, if the setting "typing" is on."""

    async def cancel(self, message_id: str) -> Message:
        """Take back a message that is still queued."""

    async def retry(self, message_id: str) -> Message:
        """Queue a failed or expired message again."""

    async def mark_read(self, conversation: ConversationKey, *, up_to: str | None = None) -> None:
        """Everything up to and including this message has been read by the user; None: all."""

    async def mark_unread(self, conversation: ConversationKey) -> Conversation:
        """Mark a conversation as unread, on all devices, until the user reads it again."""

    async def group_new(
        self, name: str, members: list[ConversationKey], *, space: bool = False
    ) -> Group:
        """Begin a group with contacts, as its owner; a `space` holds channels, and no messages.

        UserError: no name, somebody is no contact.
        """

    async def group(self, conversation: ConversationKey) -> Group:
        """Return a group: its members, and how it is kept. UserError: it is none."""

    async def group_add(
        self, conversation: ConversationKey, members: list[ConversationKey], *, role: str = "member"
    ) -> Group:
        """Let contacts in, as reader, member, admin or owner. UserError: no right to."""

    async def group_remove(
        self, conversation: ConversationKey, members: list[ConversationKey]
    ) -> Group:
        """Take members out; they read nothing that is said from then on. UserError: no right to."""

    async def group_role(
        self, conversation: ConversationKey, member: ConversationKey, role: str
    ) -> Group:
        """Say what a member may do: reader, member, admin or owner. UserError: no right to."""

    async def group_set(
        self,
        conversation: ConversationKey,
        *,
        name: str | None = None,
        description: str | None = None,
        may_post: str | None = None,
        may_mention_all: str | None = None,
    ) -> Group:
        """Change how a group is called, and the least roles that may write and call `@all`.

        UserError: no right to.
        """

    async def group_invite(
        self,
        conversation: ConversationKey,
        *,
        expires_s: int = 604_800,
        uses: int = 0,
        approve: bool = False,
    ) -> GroupInvite:
        """Make an invite link: for so long and so many people (0: without end).

        `approve`: an admin is asked about everybody who comes by it. UserError: no right to.
        """

    async def group_invites(self, conversation: ConversationKey) -> list[GroupInvite]:
        """Return a group's invite links that weren't revoked. UserError: no admin."""

    async def group_uninvite(self, conversation: ConversationKey, invite: str) -> list[GroupInvite]:
        """Revoke an invite link, named by its id, the start of that, or itself."""

    async def group_join(self, link: str, *, timeout_s: float = 0.0) -> GroupAsked:
        """Follow an invite link, and wait so long to be let in; it goes on after that.

        UserError: no such link, nobody it names is found, it lets nobody in any more.
        """

    async def group_admit(
        self, conversation: ConversationKey, members: list[ConversationKey]
    ) -> Group:
        """Let in people who ask for it with an invite. UserError: they don't, no right to."""

    async def group_refuse(
        self, conversation: ConversationKey, members: list[ConversationKey]
    ) -> Group:
        """Say no to people who ask to be let in. UserError: they don't."""

    async def space(self, conversation: ConversationKey) -> Space:
        """Return a space with its channels. UserError: it is none."""

    async def space_add(
        self,
        conversation: ConversationKey,
        name: str,
        *,
        category: str = "",
        may_post: str | None = None,
    ) -> Space:
        """Begin a channel in a space; all its members are in it, with their roles there.

        `may_post`: the least role that may write in it. UserError: no right to, no name.
        """

    async def space_place(
        self, conversation: ConversationKey, channel: ConversationKey, *, category: str
    ) -> Space:
        """Put a channel into a category, at its end; a group of one's own is listed as it is."""

    async def space_remove(self, conversation: ConversationKey, channel: ConversationKey) -> Space:
        """Take a channel off a space's list; it stays a group. UserError: no right to."""

    async def group_leave(self, conversation: ConversationKey) -> Group:
        """Leave a group, or decline one; its history stays. An only owner hands it on."""

    async def group_accept(self, conversation: ConversationKey) -> Group:
        """Be in a group that a stranger has put one into."""

    async def contact_code(self) -> str:
        """Return this account's contact code; publishes its record if that isn't done yet."""

    async def contact_add(self, code_or_address: str, *, petname: str | None = None) -> Contact:
        """Look a code or address up and keep the contact. A code's pin makes it verified."""

    async def contacts(self) -> list[Contact]:
        """Return all contacts, by name."""

    async def contact_accept(self, conversation: ConversationKey) -> Contact:
        """Accept a request: its messages are delivered, a token is sent."""

    async def contact_block(self, conversation: ConversationKey) -> Contact:
        """Block: nothing more is shown, the bucket's token is rotated, they can't tell."""

    async def contact_reset(self, conversation: ConversationKey) -> Contact:
        """Begin new sessions with all their devices: for when what comes can't be opened."""

    async def contact_rename(self, conversation: ConversationKey, petname: str) -> Contact:
        """Give a contact the user's own name; empty takes it back."""

    async def safety_number(
        self, conversation: ConversationKey, *, printed: bool = False
    ) -> SafetyNumber:
        """Return the number to compare with the other person.

        `printed`: it is what `set_verified` without digits is about, until another one is.
        """

    async def set_verified(
        self, conversation: ConversationKey, *, verified: bool, digits: str | None = None
    ) -> Contact:
        """Record that the numbers were compared. Of a changed key: the same ones accept it.

        `digits`: the number that the user was shown, to verify; without, the one last `printed`.
        UserError: theirs is another now, or none was.
        """

    async def compare_safety_number(self, conversation: ConversationKey, digits: str) -> Contact:
        """Compare with the digits that they show: the same verify them. UserError: they differ."""

    async def accept_key(self, conversation: ConversationKey) -> Contact:
        """Go on with a changed key; return the contact whom one writes to from now on."""

    async def devices(self) -> list[Device]:
        """Return the account's devices, the first one first."""

    async def device_rename(self, device: str, name: str) -> Device:
        """Give a device (name or start of its id) a name, known on the account's devices alone."""

    async def device_wake(self, endpoint: str | None) -> None:
        """Have the relay wake this device at an https address when something comes; None: never.

        It keeps the address, and asks it without content. UserError: the relay refuses it.
        """

    async def device_revoke(self, device: str) -> list[Device]:
        """Take a device off the account; return those that are left.

        UserError: not on the first device, the first device itself.
        """

    async def key_new(
        self, conversation: ConversationKey, *, messages: int, until: str, name: str | None = None
    ) -> NewKey:
        """Make a capability key, which may send so many texts there, `until` then (RFC 3339).

        UserError: not on the first device; nobody who has accepted this account.
        """

    async def link_begin(self, *, address: str, name: str | None = None) -> DeviceLink:
        """Begin to link this profile, which has no account yet, to the account at an address.

        The same again while it goes on returns it as it stands. UserError: an account is there.
        """

    async def link_open(self, code: str) -> DeviceLink:
        """Follow a new device's code, until that shows six digits. UserError: a code of no use."""

    async def link_confirm(self, digits: str) -> Device:
        """Take what the new device shows: right, it is linked; wrong, the code is burnt (4)."""

    async def link_state(self) -> DeviceLink | None:
        """Return the linking under way, or the last one since the engine began."""

    async def link_cancel(self) -> None:
        """End the linking under way, on either side; the other device is told."""

    async def history_state(self) -> HistoryState:
        """Return how the account's history stands on this device."""

    async def history_ask(self, *, device: str | None = None) -> HistoryState:
        """Ask another own device (the first one) for all of the history again.

        What is here stays. UserError: there is no such device.
        """

    async def history_dismiss(self) -> HistoryState:
        """Leave it at what is here, and say no more that some is lost."""

    async def history_take(self, *, timeout_s: float) -> HistoryState:
        """Give out and take in what there is of a history now, and return how it stands then."""

    async def consume(
        self,
        consumer: str,
        *,
        limit: int = 256,
        after: int | None = None,
        since: str | None = None,
        conversation: ConversationKey | None = None,
    ) -> list[Received]:
        """Return what arrived past the consumer's cursor, oldest first. Moves nothing.

        `after` takes the cursor's place; `since` (RFC 3339) and `conversation` leave the rest out.
        """

    async def acknowledge(self, consumer: str, *, cursor: int) -> None:
        """Move a consumer's cursor; it never moves back."""

    async def consumers(self) -> list[Consumer]:
        """Return all consumers that have acknowledged anything, by name."""

    async def consumer_forget(self, consumer: str) -> None:
        """Forget a consumer and its dead letters. UserError: there is none."""

    async def dead_letter(self, consumer: str, *, cursor: int, error: str) -> None:
        """Put a line aside that a consumer's program won't take, and move its cursor past it."""

    async def dead_letters(self) -> list[DeadLetter]:
        """Return all that was put aside, by consumer and order of arrival."""

    async def dead_letter_drop(self, consumer: str, *, cursor: int) -> None:
        """Take a line off that list: done after all, or given up. UserError: not there."""

    async def synchronise(self, *, timeout_s: float) -> bool:
        """Connect, flush the outbox, take what waits at the relay; False if time ran out."""

    async def flush(self, *, timeout_s: float) -> bool:
        """Let what is due go out, also to one's other devices; False if time ran out."""

    async def retry_now(self) -> None:
        """Don't wait for the backoff: connect now."""

    def subscribe(self) -> EventStream:
        """Watch events from now on."""
