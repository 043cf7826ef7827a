"""The account's devices: listed, renamed, revoked, and a new one let in.

Rule: a new device is let in by the digits that it shows, typed by the user; nothing is revoked
without a question. A refusal says why and keeps what was typed. Spec: docs/tui.md, section 5.
"""

from __future__ import annotations

from contextlib import suppress
from enum import Enum, auto
from typing import ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, OptionList

from restante.client.interface import Device, DeviceLink
from restante.client.language import _
from restante.client.tui import account_words, contact_words, welcome_words
from restante.client.tui.bridge import ask
from restante.client.tui.clean import clean_line
from restante.client.tui.dialog import ConfirmDialog, Dialog, Field, LineDialog, text
from restante.client.tui.list_dialog import ListDialog
from restante.client.tui.stage import Stage
from restante.client.tui.times import day_title, local
from restante.errors import RestanteError


class DevicesDialog(ListDialog[Device]):
    """All devices of the account, and what can be done about them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("l", "link", "Link a new device", id="devices.link"),
        Binding("n,enter", "rename", "Rename", id="devices.rename"),
        Binding("x", "revoke", "Revoke", id="devices.revoke"),
    ]
    title_text = account_words.DEVICES_TITLE
    hints = (
        ("l", account_words.LINK_NEW, "screen.link"),
        ("n", _("Rename"), "screen.rename"),
        ("x", account_words.REVOKE, "screen.revoke"),
        ("Esc", _("Close"), "screen.leave"),
    )
    intro_text = account_words.DEVICES_TEXT

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self._stage = stage

    def on_mount(self) -> None:
        """Read them."""
        self._options.focus()
        self._read()

    @work(exclusive=True)
    async def _read(self) -> None:
        try:
            self._list(await ask(self._stage.engine.devices))
        except RestanteError as error:
            self._say(str(error), is_wrong=True)

    def _line(self, one: Device) -> Content:
        today = self._stage.now().date()
        added = day_title(local(one.added_at, self._stage.zone).date(), today=today)
        notes = [account_words.THIS_DEVICE] if one.is_this else []
        notes += [account_words.added_on(added)]
        notes += [account_words.FIRST_DEVICE] if one.is_first else []
        notes += [account_words.CAPABILITY_KEY] if one.is_key else []
        notes += [account_words.HISTORY_STATE[one.history]] if one.history else []
        return Content.assemble(
            clean_line(one.name), (f"\n  {f' {self._stage.glyphs.dot} '.join(notes)}", "$faint")
        )

    # ---- what can be done -------------------------------------------------------------------

    def action_link(self) -> None:
        """Let a new device in."""
        self._link()

    @work(exclusive=True)
    async def _link(self) -> None:
        device = await self.app.push_screen_wait(ApproveDialog(self._stage))
        if device is not None:
            self._list(await ask(self._stage.engine.devices))
            self._say(account_words.device_linked(clean_line(device.name)))

    @on(OptionList.OptionSelected)
    def action_rename(self) -> None:
        """Give the highlighted one a name."""
        if self._chosen is not None:
            self._rename(self._chosen)

    @work(exclusive=True)
    async def _rename(self, device: Device) -> None:
        name = clean_line(device.name)
        dialog = LineDialog(
            account_words.DEVICE_RENAME_TITLE, account_words.DEVICE_RENAME_TEXT, value=name
        )
        chosen = await self.app.push_screen_wait(dialog)
        if not chosen:
            return
        try:
            await ask(self._stage.engine.device_rename, device.id, chosen)
            self._list(await ask(self._stage.engine.devices))
            self._say(contact_words.now_called(chosen))
        except RestanteError as error:
            self._say(str(error), is_wrong=True)

    def action_revoke(self) -> None:
        """Take the highlighted one off the account, after asking."""
        if self._chosen is not None:
            self._revoke(self._chosen)

    @work(exclusive=True)
    async def _revoke(self, device: Device) -> None:
        name = clean_line(device.name)
        dialog = ConfirmDialog(account_words.REVOKE_TITLE, account_words.revoke(name))
        if not await self.app.push_screen_wait(dialog):
            return
        try:
            self._list(await ask(self._stage.engine.device_revoke, device.id))
            self._say(account_words.device_revoked(name))
        except RestanteError as error:
            self._say(str(error), is_wrong=True)


class _Step(Enum):
    CODE = auto()
    DIGITS = auto()


class ApproveDialog(Dialog[Device]):
    """Two questions: the new device's code, then the digits it shows. Returns the device."""

    title_text = account_words.LINK_TITLE
    hints = (("Enter", welcome_words.CONTINUE, "screen.take"), ("Esc", _("Cancel"), "screen.leave"))

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self._stage = stage
        self._step = _Step.CODE
        self._question = text(account_words.LINK_TEXT)
        self._input = Field(account_words.LINK_PLACEHOLDER)
        self._answer = text("", classes="dialog-answer")

    def body(self) -> list[Widget]:
        """The question, the line, what came of it."""
        return [self._question, self._input, self._answer]

    def on_mount(self) -> None:
        """Ready to paste."""
        self._input.focus()

    def action_leave(self) -> None:
        """Close; what was begun is called off, and the new device is told."""
        if self._step is _Step.DIGITS:
            self._call_off()
        else:
            self.dismiss(None)

    @work(exclusive=True)
    async def _call_off(self) -> None:
        with suppress(RestanteError):  # it is over in any case
            await ask(self._stage.engine.link_cancel)
        self.dismiss(None)

    @on(Input.Submitted)
    def action_take(self) -> None:
        """Take the step."""
        value = self._input.value.strip()
        if value:
            self._follow(value) if self._step is _Step.CODE else self._confirm(value)

    @work(exclusive=True)
    async def _follow(self, code: str) -> None:
        self._answer.update(Content.styled(account_words.LINK_LOOKING, "$faint"))
        try:
            link = await ask(self._stage.engine.link_open, code)
        except RestanteError as error:
            self._refused(error)
        else:
            self._ask_digits(link)

    def _ask_digits(self, link: DeviceLink) -> None:
        self._step = _Step.DIGITS
        self._question.update(Content(account_words.link_digits(clean_line(link.name))))
        self._input.value = ""
        self._input.placeholder = account_words.LINK_DIGITS_PLACEHOLDER
        self._answer.update("")

    @work(exclusive=True)
    async def _confirm(self, digits: str) -> None:
        self._answer.update(Content.styled(account_words.LINK_SIGNING, "$faint"))
        try:
            device = await ask(self._stage.engine.link_confirm, digits)
        except RestanteError as error:
            # One wrong guess burns the code: from here on only a new one helps.
            self._step = _Step.CODE
            self._question.update(Content(account_words.LINK_TEXT))
            self._input.value = ""
            self._input.placeholder = account_words.LINK_PLACEHOLDER
            self._refused(error)
        else:
            self.dismiss(device)

    def _refused(self, error: RestanteError) -> None:
        self._answer.update(Content.styled(clean_line(str(error)), "$error"))
