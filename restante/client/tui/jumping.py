"""Going to what is in sight: which places have a letter, and what going there does.

Rule: as in jump_screen.py, which shows the letters. Spec: docs/tui.md, section 5.
"""

from __future__ import annotations

from restante.client.tui import dialogs
from restante.client.tui.chat_list import ChatList
from restante.client.tui.chats import Chats
from restante.client.tui.sending_later import SendingLater
from restante.client.tui.stage import Stage


class Jumping(SendingLater):
    """The list of chats beside the conversation, and the way from one to the other."""

    def __init__(self, stage: Stage, chats: Chats) -> None:
        super().__init__(stage, chats)
        self.list = ChatList(stage, chats)

    def action_jump(self) -> None:
        """A letter on everything in sight."""
        self.act(self._jump())

    async def _jump(self) -> None:
        left, middle, box = self.list.region, self.pane.messages.region, self.pane.box
        targets = [
            dialogs.Target(x=left.x, y=left.y + row, go=f"screen.open_chat('{key}')")
            for row, key in (self.list.in_sight() if left.width else [])
        ]
        if middle.width:
            targets += [
                dialogs.Target(x=middle.x, y=middle.y + row, go=f"screen.select({position})")
                for row, position in self.pane.messages.in_sight()
            ]
        if box.region.width and not box.disabled:
            targets.append(
                dialogs.Target(x=box.region.x, y=box.region.y + 1, go="screen.write_here")
            )
        chosen = await self.app.push_screen_wait(dialogs.JumpScreen(targets))
        if chosen is not None:
            await self.run_action(chosen)

    def action_open_chat(self, key: str) -> None:
        """Open a conversation."""
        self.open_conversation(key)

    def action_select(self, position: int) -> None:
        """Put the cursor on a message."""
        self.pane.messages.focus()
        self.pane.messages.go_to(position)

    def action_write_here(self) -> None:
        """Put the cursor in the box."""
        self.pane.box.focus()
