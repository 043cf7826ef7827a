"""The invites of a group: listed, made, shown as link and picture, revoked.

Rule: nothing is revoked without a question, and what an invite allows is asked before it is made.
A refusal says why. Spec: docs/tui.md, section 5.
"""

from __future__ import annotations

from typing import ClassVar, Final

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Center, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList

from restante.client.interface import GroupInvite
from restante.client.language import _
from restante.client.qr import qr_lines
from restante.client.tui import invite_words, words
from restante.client.tui.bridge import ask
from restante.client.tui.choice_dialog import ChoiceDialog
from restante.client.tui.clean import clean_line
from restante.client.tui.dialog import ConfirmDialog, key_line, text
from restante.client.tui.list_dialog import ListDialog
from restante.client.tui.stage import Stage
from restante.client.tui.text_line import Line
from restante.client.tui.times import day_title, local
from restante.errors import RestanteError

AROUND_ROWS: Final = 9
"""Of the screen that shows a link, beside the picture: what it is for, the link, the keys."""


class InvitesDialog(ListDialog[GroupInvite]):
    """All invites of a group, and what can be done about them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "make", "New", id="invites.make"),
        Binding("enter", "show", "Show", id="invites.show"),
        Binding("c,y", "copy", "Copy link", id="invites.copy"),
        Binding("x", "revoke", "Revoke", id="invites.revoke"),
    ]
    hints = (
        ("n", invite_words.NEW, "screen.make"),
        ("Enter", invite_words.SHOW, "screen.show"),
        ("c", invite_words.COPY, "screen.copy"),
        ("x", invite_words.REVOKE, "screen.revoke"),
        ("Esc", _("Close"), "screen.leave"),
    )
    intro_text = invite_words.INVITES_TEXT
    none_text = invite_words.NO_INVITES

    def __init__(self, stage: Stage, key: str, name: str, *, is_making: bool = False) -> None:
        super().__init__()
        self.title_text = invite_words.invites_title(name)
        self._stage, self._key = stage, key
        self._is_making = is_making

    def on_mount(self) -> None:
        """Read them."""
        self._options.focus()
        self._read()

    @work(exclusive=True)
    async def _read(self) -> None:
        try:
            self._list(await ask(self._stage.engine.group_invites, self._key))
        except RestanteError as error:
            self._say(str(error), is_wrong=True)
            return
        if self._is_making:
            self._is_making = False
            await self._made()

    def _line(self, one: GroupInvite) -> Content:
        by = invite_words.MINE if one.is_mine else invite_words.made_by(clean_line(one.by))
        facts = [invite_words.used(one.used, one.uses)]
        if one.expires_at is not None:
            today = self._stage.now().date()
            day = local(one.expires_at, self._stage.zone).date()
            facts.append(invite_words.until(day_title(day, today=today)))
        facts += [invite_words.ASKS_AN_ADMIN] if one.needs_approval else []
        facts += [invite_words.STATES[one.state]] if one.state != "open" else []
        dot = f" {self._stage.glyphs.dot} "
        return Content.assemble(by, ("  " + dot.join(facts), "$faint"))

    # ---- what can be done -----------------------------------------------------------------------

    def action_make(self) -> None:
        """Make an invite."""
        self._make()

    @work(exclusive=True)
    async def _make(self) -> None:
        await self._made()

    async def _made(self) -> None:
        """Ask what the invite allows, make it, and show it."""
        lasts_s = await self.app.push_screen_wait(
            ChoiceDialog(invite_words.LASTS_TITLE, "", invite_words.LASTS, chosen=7 * 86_400)
        )
        if lasts_s is None:
            return
        uses = await self.app.push_screen_wait(
            ChoiceDialog(invite_words.USES_TITLE, "", invite_words.USES, chosen=0)
        )
        if uses is None:
            return
        approve = await self.app.push_screen_wait(
            ChoiceDialog(invite_words.APPROVE_TITLE, "", invite_words.APPROVE)
        )
        if approve is None:
            return
        engine = self._stage.engine
        try:
            made = await ask(
                engine.group_invite, self._key, expires_s=lasts_s, uses=uses, approve=approve
            )
            self._list(await ask(engine.group_invites, self._key))
        except RestanteError as error:
            self._say(str(error), is_wrong=True)
            return
        if made.link is not None:
            await self.app.push_screen_wait(LinkScreen(made.link))

    @on(OptionList.OptionSelected)
    def action_show(self) -> None:
        """Show the link of the highlighted one."""
        link = self._link()
        if link is not None:
            self.app.push_screen(LinkScreen(link))

    def action_copy(self) -> None:
        """Put the link of the highlighted one on the clipboard."""
        link = self._link()
        if link is not None:
            self.app.copy_to_clipboard(link)
            self._say(invite_words.COPIED)

    def _link(self) -> str | None:
        chosen = self._chosen
        if chosen is not None and chosen.link is None:
            self._say(invite_words.NOT_MINE, is_wrong=True)
        return None if chosen is None else chosen.link

    def action_revoke(self) -> None:
        """Let nobody in by the highlighted one any more, after asking."""
        if self._chosen is not None:
            self._revoke(self._chosen)

    @work(exclusive=True)
    async def _revoke(self, invite: GroupInvite) -> None:
        dialog = ConfirmDialog(invite_words.REVOKE_TITLE, invite_words.REVOKE_TEXT)
        if not await self.app.push_screen_wait(dialog):
            return
        try:
            self._list(await ask(self._stage.engine.group_uninvite, self._key, invite.id))
            self._say(invite_words.REVOKED)
        except RestanteError as error:
            self._say(str(error), is_wrong=True)


class LinkScreen(ModalScreen[None]):
    """The link of an invite: as a picture where there is room for one, and to be copied."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter", "leave", "Close", key_display="Esc", id="invite.leave"),
        Binding("c,y", "copy", "Copy", id="invite.copy"),
    ]

    def __init__(self, link: str) -> None:
        super().__init__()
        self._link = clean_line(link)

    def compose(self) -> ComposeResult:
        """What it is for, the picture, the link."""
        picture = qr_lines(self._link)
        width, height = self.app.size
        fits = len(picture) + AROUND_ROWS <= height and len(picture[0]) <= width
        with Vertical(id="invite"):
            yield text(invite_words.LINK_TEXT, classes="code-text")
            if fits:
                with Center():
                    drawn = Content.styled("\n".join(picture), "#000000 on #ffffff")
                    yield Line(drawn, classes="code-picture")
            yield text(Content.styled(self._link, "bold"), classes="code-link")
            yield Line(
                key_line(
                    (("c", _("Copy link"), "screen.copy"), ("Esc", _("Close"), "screen.leave"))
                ),
                classes="code-keys",
            )

    def action_copy(self) -> None:
        """Put the link on the clipboard."""
        self.app.copy_to_clipboard(self._link)
        self.notify(words.COPIED, markup=False, timeout=2)

    def action_leave(self) -> None:
        """Close."""
        self.dismiss(None)
