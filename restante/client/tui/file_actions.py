"""What can be done with files: one is sent, one is fetched and saved where the user says.

Rule: every call of the engine is a worker; paths are the user's own, read as a shell would read
`~`, and nothing more. Spec: docs/tui.md, section 5.
"""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from typing import Any, ClassVar, Final

import trio
from textual.binding import Binding, BindingType

from restante.client.interface import Conversation, FileState, Message, Thread
from restante.client.tui import dialogs, file_words
from restante.client.tui.bridge import ask
from restante.client.tui.chat_actions import ChatActions
from restante.client.tui.dialog import LineDialog
from restante.client.tui.settings_schema import BY_NAME
from restante.client.tui.typed_path import whole
from restante.client.tui.voice_player import STEP_S, VoicePlayer

MEDIA_CELLS: Final = 60
"""Of a line in the list of files."""

FILES: Final = "files"
USUAL: Final = "usual"
FETCHED: Final = [(each, label.capitalize()) for each, label in BY_NAME[FILES].choices]

PIECE_BYTES: Final = 192 * 1024
"""Of what is handed in as a file: what one call carries, in base64, is bounded."""

HERE: Final = frozenset({FileState.HERE, FileState.SENDING})
HEARING: Final = ("hear_back", "hear_on", "hear_slower", "hear_faster", "hear_end")
"""Actions that do something while a voice note is heard."""


class FileActions(ChatActions):
    """The actions; whoever inherits says what is selected."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "save_file", "Save", id="messages.save_file"),
        Binding("left", "hear_back", "Back in it", show=False, id="messages.voice_back"),
        Binding("right", "hear_on", "On in it", show=False, id="messages.voice_on"),
        Binding(
            "left_square_bracket", "hear_slower", "Slower", show=False, id="messages.voice_slower"
        ),
        Binding(
            "right_square_bracket", "hear_faster", "Faster", show=False, id="messages.voice_faster"
        ),
    ]

    @property
    def player(self) -> VoicePlayer:
        """What plays voice notes."""
        raise NotImplementedError

    @property
    def selected(self) -> Message | None:
        """The message that keys act on, while the messages have the focus."""
        raise NotImplementedError

    @property
    def thread_at_hand(self) -> Thread | None:
        """The open thread, if the cursor is there; what is sent then is an answer in it."""
        raise NotImplementedError

    async def send_one(
        self, conversation: Conversation, thread: Thread | None, **what: Any
    ) -> Message:
        """Send a file, as an answer if its box says so; `what`: as `Engine.send_file`."""
        raise NotImplementedError

    def action_send_file(self) -> None:
        """Send a file of the user's."""
        if self.conversation is not None:
            self.act(self._send_file(self.conversation, self.thread_at_hand))

    async def _send_file(self, conversation: Conversation, thread: Thread | None) -> None:
        dialog = LineDialog(
            file_words.SEND_TITLE, file_words.SEND_TEXT, placeholder=file_words.SEND_PLACEHOLDER
        )
        typed = await self.app.push_screen_wait(dialog)
        if typed:
            await self.send_one(conversation, thread, path=whole(typed))
            self.say(file_words.SENDING)

    def action_record_voice(self) -> None:
        """Record a voice note, and send it."""
        if self.conversation is not None:
            recording = self._record_voice(self.conversation, self.thread_at_hand)
            self.act(recording, group="voice")

    async def _record_voice(self, conversation: Conversation, thread: Thread | None) -> None:
        # The dialog and the encoder, which few ever need.
        from restante.client.voice import encoding  # noqa: PLC0415

        dialog = dialogs.RecordDialog(self._stage)
        samples = await self.app.push_screen_wait(dialog)
        if dialog.refused is not None:
            raise dialog.refused
        if samples is None:
            return
        if not samples:
            self.say(file_words.NOTHING_HEARD, is_warning=True)
            return
        note = await ask(trio.to_thread.run_sync, encoding.encoded, samples)
        await self.send_one(
            conversation,
            thread,
            handle=await self.hand_in(note),
            waveform=encoding.waveform(samples),
            duration_s=encoding.duration_s(samples),
        )
        self.say(file_words.SENDING)

    async def hand_in(self, content: bytes) -> str:
        """Hand a file in to the engine, piece by piece; return its handle."""
        engine = self._stage.engine
        handle = await ask(engine.file_begin)
        for at in range(0, len(content), PIECE_BYTES):
            piece = b64encode(content[at : at + PIECE_BYTES]).decode("ascii")
            await ask(engine.file_add, handle, piece)
        return handle

    def action_fetching(self) -> None:
        """Choose which files of the chat are fetched by themselves."""
        if self.subject is not None:
            self.act(self._fetching(self.subject))

    async def _fetching(self, conversation: Conversation) -> None:
        engine, key = self._stage.engine, conversation.key
        now = await ask(engine.settings, key)
        choices = [(USUAL, file_words.FETCH_USUAL), *FETCHED]
        dialog = dialogs.ChoiceDialog(
            file_words.FETCH_TITLE, file_words.FETCH_TEXT, choices, chosen=now[FILES]
        )
        chosen = await self.app.push_screen_wait(dialog)
        if chosen is not None:
            await ask(engine.set_setting, FILES, chosen, conversation=key)
            self.say(file_words.FETCH_CHOSEN)

    def action_media(self) -> None:
        """The files of the open conversation, the newest first; one chosen is jumped to."""
        if self.conversation is not None:
            self.act(self._media(self.conversation))

    async def _media(self, conversation: Conversation) -> None:
        found = await ask(
            self._stage.engine.files, conversation.key, start=0, count=file_words.MOST_LISTED
        )
        if not found:
            self.say(file_words.NO_MEDIA)
            return
        page = self._stage.page(MEDIA_CELLS)
        choices = [(each.id, file_words.listed(each, page)) for each in found]
        sentence = file_words.media_sum(found)
        dialog = dialogs.ChoiceDialog(file_words.MEDIA_TITLE, sentence, choices)
        chosen = await self.app.push_screen_wait(dialog)
        message = next((each for each in found if each.id == chosen), None)
        if message is not None:
            self.jump_to(message)

    async def _open_picture(self, message: Message) -> None:
        """Show it on all of the screen, if it is here; else have it fetched."""
        if message.file is None or message.file.state is FileState.FETCHING:
            return
        if message.file.state not in HERE:
            await ask(self._stage.engine.file_fetch, message.id)
            self.say(file_words.PICTURE_FETCHING)
            return
        await self.app.push_screen_wait(dialogs.PictureScreen(self._stage, message))

    async def _hear(self, message: Message) -> None:
        """Play a voice note that is here, or end it; else have it fetched."""
        heard = self.player.message
        if heard is not None and heard.id == message.id:
            self.player.end()
            return
        if message.file is None or message.file.state is FileState.FETCHING:
            return
        if message.file.state not in HERE:
            await ask(self._stage.engine.file_fetch, message.id)
            self.say(file_words.VOICE_FETCHING)
            return
        await self.player.play(message)

    def action_hear_back(self) -> None:
        """Go back in what is heard."""
        self.player.go(-STEP_S)

    def action_hear_on(self) -> None:
        """Go on in it."""
        self.player.go(STEP_S)

    def action_hear_slower(self) -> None:
        """Play it slower."""
        self.player.change_speed(-1)

    def action_hear_faster(self) -> None:
        """Play it faster."""
        self.player.change_speed(1)

    def action_hear_end(self) -> None:
        """Have it end."""
        self.player.end()

    def action_save_file(self) -> None:
        """Save it, if it is here; else fetch it, or fetch it no more."""
        if message := self.selected:
            self.act(self._save_file(message))

    async def _save_file(self, message: Message) -> None:
        if message.file is None:
            return
        if message.file.state is FileState.FETCHING:
            await ask(self._stage.engine.file_stop, message.id)
            self.say(file_words.STOPPED)
            return
        if message.file.state not in HERE:
            await ask(self._stage.engine.file_fetch, message.id)
            self.say(file_words.FETCHING)
            return
        dialog = LineDialog(file_words.SAVE_TITLE, file_words.SAVE_TEXT, value=usual_directory())
        typed = await self.app.push_screen_wait(dialog)
        if typed:
            path = await ask(
                self._stage.engine.file_save, message.id, directory=whole(typed), unpacks=True
            )
            self.say(file_words.saved(path))


def usual_directory() -> str:
    """Return where people look for what they have fetched."""
    downloads = Path.home() / "Downloads"
    return "~/Downloads" if downloads.is_dir() else "~"
