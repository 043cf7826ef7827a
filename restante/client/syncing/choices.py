"""What the user chose for a conversation (mute, pin, archive, unread, a draft), or for all.

Rule: each is a record, so that all devices of the account show the same; nobody else hears of any.
Spec: docs/engine.md, section 12.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from restante.client.changes import Changes
from restante.client.grammar import preferences
from restante.client.groups.known import check_conversation
from restante.client.syncing.chosen import LEVELS
from restante.client.syncing.putting import put
from restante.client.viewing import shown_conversation, viewer_of
from restante.errors import UserError
from restante.protocol.sync import RecordKind
from restante.protocol.text import printable

if TYPE_CHECKING:
    from restante.client.announcer import Announcer
    from restante.client.context import EngineContext
    from restante.client.interface import Conversation
    from restante.client.own_account import OwnAccount
    from restante.store.client_rows import Rows

MAX_DRAFT_BYTES: Final = 16_000
"""Of UTF-8. What a record holds; a longer draft is kept as far as that."""

YES: Final = b"\x01"


class Choices:
    """What the user of one account chose."""

    def __init__(self, context: EngineContext, own: OwnAccount, announcer: Announcer) -> None:
        self._context = context
        self._own = own
        self._announcer = announcer

    async def mute(self, account_id: bytes, until_ms: int | None) -> Conversation:
        """Say nothing of a conversation until a moment; None: say it again."""
        value = None if until_ms is None else until_ms.to_bytes(8, "big")
        return await self._choose(account_id, RecordKind.MUTED_UNTIL, value)

    async def choose_alerts(self, account_id: bytes, level: str) -> Conversation:
        """Say which messages of a conversation call. UserError: there is no such level."""
        if level not in LEVELS:
            raise UserError(f"There is no such level. There are {', '.join(LEVELS)}.")
        value = None if level == LEVELS[0] else level.encode()
        return await self._choose(account_id, RecordKind.ALERTS, value)

    async def pin_chat(self, account_id: bytes, *, pinned: bool) -> Conversation:
        """Keep a conversation at the top of the list."""
        return await self._choose(account_id, RecordKind.CHAT_PINNED, YES if pinned else None)

    async def archive(self, account_id: bytes, *, archived: bool) -> Conversation:
        """Put a conversation away, or take it out again."""
        return await self._choose(account_id, RecordKind.ARCHIVED, YES if archived else None)

    async def mark_unread(self, account_id: bytes) -> Conversation:
        """Let a conversation stand out until the user reads it again."""
        return await self._choose(account_id, RecordKind.UNREAD, YES)

    async def keep_draft(
        self, account_id: bytes, text: str, *, thread: bytes | None = None
    ) -> Conversation:
        """Keep what the user has begun to write, there or in a thread; empty: nothing."""
        packed = text.encode(errors="replace")[:MAX_DRAFT_BYTES]
        whole = packed.decode(errors="ignore").encode()
        if thread is not None:
            return await self._choose(
                account_id, RecordKind.THREAD_DRAFT, whole or None, about=thread
            )
        return await self._choose(account_id, RecordKind.DRAFT, whole or None)

    async def settings(self, account_id: bytes | None = None) -> dict[str, str]:
        """Return all settings, by name, or those of a conversation."""

        def work(rows: Rows) -> dict[str, str]:
            if account_id is not None:
                check_conversation(rows, account_id)
                chosen = preferences.fetched_in(rows, account_id)
                return {preferences.FILES: chosen or preferences.USUAL}
            found = {name: preferences.value(rows, name) for name in preferences.DEFAULTS}
            return found | {preferences.KEYWORDS: preferences.keywords(rows)}

        return await self._context.read(work)

    async def set_setting(
        self, name: str, value: str, account_id: bytes | None = None
    ) -> dict[str, str]:
        """Change a setting, on all devices. UserError lists what there is."""
        if name == preferences.KEYWORDS and account_id is None:
            value, key = _keywords(value), name.encode()
        elif account_id is None:
            _check(value, preferences.choices(name), name, ", ".join(preferences.DEFAULTS))
            key = name.encode()
        else:
            allowed = (*preferences.FETCHED, preferences.USUAL)
            _check(value, allowed if name == preferences.FILES else (), name, preferences.FILES)
            key = preferences.files_of(account_id)
        is_as_usual = account_id is not None and value == preferences.USUAL
        kept = None if is_as_usual or not value else value.encode()

        def work(rows: Rows) -> None:
            if account_id is not None:
                check_conversation(rows, account_id)
            put(rows, RecordKind.SETTING, key, kept, now_ms=self._context.now_ms())

        await self._context.write(work)
        await self._announcer.tell(Changes(is_resync=True))
        return await self.settings(account_id)

    async def _choose(
        self,
        account_id: bytes,
        kind: RecordKind,
        value: bytes | None,
        *,
        about: bytes | None = None,
    ) -> Conversation:
        changes = Changes()

        def work(rows: Rows) -> Conversation:
            check_conversation(rows, account_id)
            put(
                rows,
                kind,
                account_id if about is None else about,
                value,
                now_ms=self._context.now_ms(),
            )
            changes.conversations[account_id] = None
            shows = viewer_of(rows, self._context, self._own, account_id)
            return shown_conversation(rows, shows, account_id)

        shown = await self._context.write(work)
        await self._announcer.tell(changes)
        return shown


def _check(value: str, allowed: tuple[str, ...], name: str, names: str) -> None:
    if not allowed:
        raise UserError(f"There is no setting {name}. There are {names}.")
    if value not in allowed:
        raise UserError(f"The setting {name} is one of {', '.join(allowed)}.")


def _keywords(value: str) -> str:
    """Return keywords as they are kept. UserError: they are too long."""
    value = printable(value, multiline=False).strip()
    if len(value.encode()) > preferences.MAX_KEYWORDS_BYTES:
        raise UserError("These are too many keywords. Choose fewer, or shorter ones.")
    return value
