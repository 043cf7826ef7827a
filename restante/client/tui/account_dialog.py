"""Going to another account: one profile each, on this machine.

Rule: the account that is left goes on, out of sight, until the chat is closed.
Spec: docs/tui.md, section 5.
"""

from __future__ import annotations

from textual import on
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from restante.client.language import _
from restante.client.tui import account_words
from restante.client.tui.dialog import Dialog, Field, text
from restante.client.tui.stage import Accounts


class AccountDialog(Dialog[str]):
    """Return the name of the profile to go to; typing a new name makes a new account."""

    title_text = account_words.ACCOUNTS_TITLE
    hints = (
        ("Enter", account_words.ACCOUNTS_GO, "screen.take"),
        ("Esc", _("Close"), "screen.leave"),
    )

    def __init__(self, accounts: Accounts) -> None:
        super().__init__()
        self._accounts = accounts
        self._options = OptionList(compact=True, markup=False)
        self._input = Field(account_words.ACCOUNTS_PLACEHOLDER)

    def body(self) -> list[Widget]:
        """The accounts, and a line for a new one's name."""
        return [text(account_words.ACCOUNTS_TEXT), self._options, self._input]

    def on_mount(self) -> None:
        """Show them."""
        current = Content.assemble(
            self._accounts.current, ("  " + account_words.ACCOUNT_HERE, "$faint")
        )
        options = [Option(Content(name), id=name) for name in self._accounts.others]
        self._options.add_options([Option(current, disabled=True), *options])
        if options:
            self._options.highlighted = 1
            self._options.focus()
        else:
            self._input.focus()

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option.id)

    @on(Input.Submitted)
    def action_take(self) -> None:
        """Take what is typed, else what is highlighted."""
        if name := self._input.value.strip():
            self.dismiss(name)
        elif (at := self._options.highlighted) is not None:
            self.dismiss(self._options.get_option_at_index(at).id)
