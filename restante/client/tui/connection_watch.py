"""How the connection is, and since when it matters.

Rule: the state is always in sight; it is spoken of only when it has been away for longer than one's
patience, and not a moment longer than it is. Spec: docs/tui.md, section 5.
"""

from __future__ import annotations

from typing import Final

from textual.message_pump import MessagePump
from textual.timer import Timer

from restante.client.interface import (
    ConnectionPhase,
    FileProgress,
    FileState,
    Message,
    Status,
    TransferProgress,
)
from restante.client.tui import file_words, words
from restante.client.tui.banners import Banner, say_connection, say_ended, say_history, say_recovery
from restante.client.tui.bars import ConnectionLine
from restante.client.tui.chats import Chats
from restante.client.tui.entry_parts import duration

_MINUTE_S = 60

_AWAY = frozenset({ConnectionPhase.OFFLINE, ConnectionPhase.CONNECTING})


_MOVING: Final = frozenset({FileState.SENDING, FileState.FETCHING})


class ConnectionWatch:
    """Keeps two lines and a banner true; `owner` runs its timer."""

    def __init__(
        self,
        owner: MessagePump,
        *,
        chats: Chats,
        line: ConnectionLine,
        short_line: ConnectionLine,
        banner: Banner,
        patience_s: float,
        files: dict[str, FileProgress],
    ) -> None:
        """`files` is kept true, too: how far each is, by message."""
        self._owner = owner
        self._chats = chats
        self._line, self._short_line, self._banner = line, short_line, banner
        self._patience_s = patience_s
        self._status: Status | None = None
        self._timer: Timer | None = None
        self._is_late = False
        self._was_there = True
        """Whether nobody has said since then that it is away."""
        self._under_way = ""
        self._files = files
        self._reminds = True

    def forget_reminder(self) -> None:
        """The user has seen the recovery kit, or wants to later: say no more of it this time."""
        self._reminds = False
        self.show()

    def _is_to_remind(self, status: Status | None) -> bool:
        """Whether to speak of the kit: only once something was said that could be lost."""
        return (
            self._reminds
            and status is not None
            and status.recovery == "unconfirmed"
            and any(chat.message_count for chat in self._chats.every())
        )

    def take_progress(self, progress: TransferProgress) -> None:
        """Say how far a history is."""
        self._under_way = "" if progress.is_complete else _percent_and_left(progress)
        self.show()

    def take_file_progress(self, progress: FileProgress) -> None:
        """Say how far a file is."""
        self._files.pop(progress.message, None)
        if progress.done_bytes < progress.total_bytes:
            self._files[progress.message] = progress
        self._under_way = file_words.under_way(self._files.values())
        self.show()

    def forget_files(self) -> None:
        """Messages may have gone with their files: those that still move say so again."""
        self._files.clear()
        self._under_way = file_words.under_way(())

    def take_message(self, message: Message) -> None:
        """A message is as it is now: its file may have stopped."""
        is_moving = message.file is not None and message.file.state in _MOVING
        if not is_moving and self._files.pop(message.id, None) is not None:
            self._under_way = file_words.under_way(self._files.values())
            self.show()

    def take(self, status: Status) -> None:
        """Take what the engine says."""
        is_away = status.phase in _AWAY
        if is_away and self._timer is None:
            self._timer = self._owner.set_timer(self._patience_s, self._lose_patience)
        elif not is_away and self._timer is not None:
            self._timer.stop()
            self._timer, self._is_late = None, False
        if status.phase is ConnectionPhase.OFFLINE or not is_away:
            self._was_there = not is_away
        self._status = status
        self.show()

    def _lose_patience(self) -> None:
        self._is_late = True
        self.show()

    def show(self) -> None:
        """Draw it."""
        status, is_late = self._status, self._is_late
        count, under_way = len(self._chats), self._under_way
        self._line.show(status, is_late=is_late, chat_count=count, under_way=under_way)
        self._short_line.show(status, is_late=False, chat_count=0)
        if status is not None and is_late:
            say_connection(self._banner, status, was_there=self._was_there)
        elif status is not None and status.phase is ConnectionPhase.STOPPED and status.error:
            say_ended(self._banner, status.error)
        elif status is not None and status.history == "incomplete":
            say_history(self._banner)
        elif self._is_to_remind(status):
            say_recovery(self._banner)
        else:
            self._banner.hush()


def _percent_and_left(progress: TransferProgress) -> str:
    percent = 100 * progress.done_bytes // max(1, progress.total_bytes)
    left_s = progress.left_s
    left = ""
    if left_s is not None:
        left = duration(int(left_s) if left_s < _MINUTE_S else int(left_s // 60) * _MINUTE_S)
    return words.history_under_way(min(percent, 99), left)
