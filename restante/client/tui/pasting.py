"""What is pasted into the box or dragged onto it: words go in, files and long texts may be sent.

Rule: nothing is sent without a key, and whatever isn't sent can still be put into the box.
Spec: docs/tui.md, section 13.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import trio
from textual import events, on

from restante.client.interface import Conversation, Message, Thread
from restante.client.sizes import size_text
from restante.client.tui import dialogs, file_words, paste_words
from restante.client.tui.bridge import ask
from restante.client.tui.clean import clean_line
from restante.client.tui.compose_box import ComposeBox
from restante.client.tui.pasted import Dragged, is_long, look
from restante.client.tui.private_place import private_folder
from restante.client.tui.wrap import shorten
from restante.client.tui.writing import Writing
from restante.errors import UserError
from restante.values import dataclass

if TYPE_CHECKING:
    from restante.client.tui.clipboard import Picture

NAMES_CELLS: Final = 160
FILE, CAPTION, TEXT = "file", "caption", "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Where something was pasted: a conversation's box, or that of a thread in it."""

    conversation: Conversation
    thread: Thread | None


class Pasting(Writing):
    """The actions; whoever inherits has the box."""

    def on_paste(self, event: events.Paste) -> None:
        """What is pasted while one is elsewhere on this screen is meant for the box, too."""
        box = self.box
        if self.conversation is not None and not box.disabled and not box.has_focus:
            event.stop()
            box.focus()
            box.take_pasted(event.text)

    @on(ComposeBox.Pasted)
    def _pasted(self, event: ComposeBox.Pasted) -> None:
        if self.conversation is not None:
            spot = Spot(conversation=self.conversation, thread=self.thread_at_hand)
            self.act(self._take_pasted(spot, event.text), group="paste")

    async def _take_pasted(self, spot: Spot, text: str) -> None:
        dragged = await ask(trio.to_thread.run_sync, look, text)
        if self.box_of(spot.thread).purpose.edits is not None:
            self._put(spot, text)  # a message that was sent stays one
        elif dragged is not None:
            await self._offer_files(spot, text, dragged)
        elif is_long(text):
            await self._offer_text(spot, text)
        else:
            self._put(spot, text)

    def _is_there(self, spot: Spot) -> bool:
        """Whether the box of a spot is still that of what was open."""
        if spot.thread is not None:
            now = self.thread.thread
            return now is not None and now.first == spot.thread.first
        return self.conversation is not None and self.conversation.key == spot.conversation.key

    def _put(self, spot: Spot, text: str) -> None:
        """Put it where it was meant to go: another chat may be open by now."""
        if self._is_there(spot):
            self.box_of(spot.thread).put(text)
        elif spot.thread is None:
            self._give_back(spot.conversation.key, text)
        else:
            drafts, first = self._chats.thread_drafts, spot.thread.first
            drafts[first] = "\n".join(filter(None, [drafts.get(first, ""), text]))

    # ---- files ------------------------------------------------------------------------------

    async def _offer_files(self, spot: Spot, text: str, dragged: Dragged) -> None:
        paths, written = dragged.paths, self.box_of(spot.thread).text.strip()
        choices = [(FILE, paste_words.AS_FILE if len(paths) == 1 else paste_words.AS_FILES)]
        if written and len(paths) == 1:
            choices.append((CAPTION, paste_words.WITH_CAPTION))
        choices.append((TEXT, paste_words.AS_PATH))
        title = paste_words.FOLDER_TITLE if dragged.has_folder else paste_words.FILE_TITLE
        title = paste_words.FILES_TITLE if len(paths) > 1 else title
        names = clean_line(", ".join(path.name or str(path) for path in paths))
        names = shorten(names, NAMES_CELLS, ellipsis=self._stage.glyphs.ellipsis)
        size = "" if dragged.has_folder else size_text(dragged.size_bytes)
        dialog = dialogs.ChoiceDialog(title, paste_words.named(names, size), choices)
        chosen = await self.app.push_screen_wait(dialog)
        if chosen == TEXT:
            self._put(spot, text)
        elif chosen is not None:
            caption = written if chosen == CAPTION else ""
            for path in paths:
                await self._send_one(spot, path=str(path), caption=caption)
            self._forget(spot, is_written_too=bool(caption))
            self.say(file_words.SENDING if len(paths) == 1 else paste_words.SENDING_ALL)

    async def _send_one(self, spot: Spot, **what: Any) -> Message:
        return await self.send_one(spot.conversation, spot.thread, **what)

    def _forget(self, spot: Spot, *, is_written_too: bool) -> None:
        """What went along as a caption isn't to be sent again."""
        if is_written_too and self._is_there(spot):
            self.box_of(spot.thread).text = ""
            if spot.thread is None:
                self.pane.keep_draft()

    # ---- the clipboard ----------------------------------------------------------------------

    def action_paste_picture(self) -> None:
        """Offer the picture that is in the desktop's clipboard; without one, paste what was cut."""
        if self.conversation is not None and not self.box.disabled:
            spot = Spot(conversation=self.conversation, thread=self.thread_at_hand)
            self.act(self._paste_picture(spot), group="paste")

    async def _paste_picture(self, spot: Spot) -> None:
        from restante.client.tui.clipboard import picture  # noqa: PLC0415  (few ever need it)

        try:
            found = await ask(picture, os.environ)
        except UserError:
            if not self.app.clipboard:
                raise
            found = None
        if found is not None:
            await self._offer_picture(spot, found)
        elif self.app.clipboard:
            self._put(spot, self.app.clipboard)
        else:
            self.say(paste_words.NO_PICTURE, is_warning=True)

    async def _offer_picture(self, spot: Spot, found: Picture) -> None:
        box = self.box_of(spot.thread)
        written = box.text.strip()
        choices = [(FILE, paste_words.SEND_PICTURE)]
        if written and box.purpose.edits is None:
            choices.append((CAPTION, paste_words.WITH_CAPTION))
        says = paste_words.picture(found.kind, size_text(len(found.content)))
        chosen = await self.app.push_screen_wait(
            dialogs.ChoiceDialog(paste_words.PICTURE_TITLE, says, choices)
        )
        if chosen is None:
            return
        with private_folder() as folder:  # the engine has sealed it when it answers
            path = Path(folder, f"{paste_words.PICTURE_NAME}.{found.kind.lower()}")
            await ask(trio.to_thread.run_sync, path.write_bytes, found.content)
            caption = written if chosen == CAPTION else ""
            await self._send_one(spot, path=str(path), caption=caption)
        self._forget(spot, is_written_too=bool(caption))
        self.say(file_words.SENDING)

    # ---- long texts -------------------------------------------------------------------------

    async def _offer_text(self, spot: Spot, text: str) -> None:
        whole = text.encode()
        says = paste_words.long_text(text.count("\n") + 1, size_text(len(whole)))
        choices = [(FILE, paste_words.AS_FILE), (TEXT, paste_words.AS_TEXT)]
        dialog = dialogs.ChoiceDialog(paste_words.TEXT_TITLE, says, choices)
        chosen = await self.app.push_screen_wait(dialog)
        if chosen == TEXT:
            self._put(spot, text)
        elif chosen == FILE:
            handle = await self.hand_in(whole)
            await self._send_one(spot, handle=handle, name=paste_words.FILE_NAME)
            self._forget(spot, is_written_too=False)
            self.say(file_words.SENDING)
