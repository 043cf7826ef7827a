"""One's own code as a picture that can be scanned, and the link it holds.

Rule: black on white in any theme, whole, in 80x24. Spec: docs/tui.md, section 5.
"""

from __future__ import annotations

from dataclasses import dataclass

from textual import work
from textual.content import Content
from textual.message import Message as Posted

from restante.client.qr import qr_lines
from restante.client.tui import contact_words
from restante.client.tui.bridge import ask
from restante.client.tui.clean import clean_line
from restante.client.tui.stage import Stage
from restante.client.tui.text_line import Line
from restante.errors import RestanteError


class CodePicture(Line):
    """Asks the engine for the code when it is mounted, and draws it."""

    @dataclass
    class Known(Posted):
        """The code is there."""

        code: str

    def __init__(self, stage: Stage) -> None:
        super().__init__("", classes="code-picture")
        self._stage = stage

    def on_mount(self) -> None:
        """Ask."""
        self._ask()

    @work(exclusive=True)
    async def _ask(self) -> None:
        self.update(Content.styled(contact_words.MY_CODE_WAITING, "$faint"))
        try:
            code = clean_line(await ask(self._stage.engine.contact_code))
        except RestanteError as error:
            self.update(Content.styled(clean_line(str(error)), "$error"))
        else:
            self.update(Content.styled("\n".join(qr_lines(code)), "#000000 on #ffffff"))
            self.post_message(self.Known(code))
