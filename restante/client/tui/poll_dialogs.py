"""Two dialogs of polls: one asks, one answers.

Rule: nothing is sent without Enter, or a click on the answer itself. Spec: docs/tui.md, section 5.
"""

from __future__ import annotations

from typing import ClassVar, Final, Literal

from textual import events, on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from restante.client.interface import Poll
from restante.client.language import _
from restante.client.tui import poll_words
from restante.client.tui.clean import clean_line
from restante.client.tui.dialog import Dialog, Field, text
from restante.client.tui.entry_parts import duration
from restante.client.tui.glyphs import Glyphs
from restante.values import dataclass

LASTS_S: Final = (0, 3_600, 86_400, 7 * 86_400)
"""How long a poll may last; 0: until it is closed."""

DIGITS: Final = frozenset("123456789")

MAX_ANSWERS: Final = 12
MAX_QUESTION_CHARS: Final = 300
MAX_ANSWER_CHARS: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is to be asked."""

    question: str
    answers: tuple[str, ...]
    is_multiple: bool
    lasts_s: int


class NewPollDialog(Dialog[Asked]):
    """The question, then the answers, one after the other."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+o", "several", "Several", id="poll.several"),
        Binding("ctrl+t", "end", "Its end", id="poll.end"),
        Binding("ctrl+z", "back", "Last one back", priority=True, id="poll.back"),
    ]
    title_text = poll_words.NEW_TITLE
    hints = (
        ("Enter", poll_words.ADD_HINT, "screen.take"),
        ("^o", poll_words.SEVERAL_HINT, "screen.several"),
        ("^t", poll_words.END_HINT, "screen.end"),
        ("^z", poll_words.TAKE_BACK_HINT, "screen.back"),
        ("Esc", _("Cancel"), "screen.leave"),
    )

    def __init__(self, question: str = "") -> None:
        super().__init__()
        self._said: list[str] = []
        self._is_multiple = False
        self._lasts = 0
        self._shown = text("")
        self._input = Field(poll_words.QUESTION_PLACEHOLDER, value=question)
        self._ways = text("", classes="dialog-answer")

    def body(self) -> list[Widget]:
        """What it is for, what there is already, the line, and how it is to be."""
        return [text(poll_words.NEW_TEXT), self._shown, self._input, self._ways]

    def on_mount(self) -> None:
        """Ready to type."""
        self._show()
        self._input.focus()

    @on(Input.Submitted)
    def action_take(self) -> None:
        """Take the line; an empty one ends it."""
        said = " ".join(self._input.value.split())
        if not said:
            self._ask()
        elif len(self._said) <= MAX_ANSWERS:
            most = MAX_ANSWER_CHARS if self._said else MAX_QUESTION_CHARS
            is_double = said.casefold() in (each.casefold() for each in self._said[1:])
            self._input.set_class(len(said) > most or is_double, "-refused")
            if len(said) <= most and not is_double:
                self._said.append(said)
                self._input.value = ""
        self._show()

    def _ask(self) -> None:
        answers = tuple(self._said[1:])
        self._input.set_class(len(answers) < 2, "-refused")
        if len(answers) >= 2:
            self.dismiss(
                Asked(
                    question=self._said[0],
                    answers=answers,
                    is_multiple=self._is_multiple,
                    lasts_s=LASTS_S[self._lasts],
                )
            )

    def action_several(self) -> None:
        """Let one answer be chosen, or several."""
        self._is_multiple = not self._is_multiple
        self._show()

    def action_end(self) -> None:
        """Let it last longer."""
        self._lasts = (self._lasts + 1) % len(LASTS_S)
        self._show()

    def action_back(self) -> None:
        """Write the last line anew."""
        if self._said:
            self._input.value = self._said.pop()
            self._input.cursor_position = len(self._input.value)
        self._show()

    def _show(self) -> None:
        said = [Content.styled(each, "bold") for each in self._said[:1]]
        said += [Content(f"  {number}. {each}") for number, each in enumerate(self._said[1:], 1)]
        self._shown.update(Content("\n").join(said))
        self._shown.display = bool(said)
        answers = len(self._said) - 1
        self._input.placeholder = (
            poll_words.QUESTION_PLACEHOLDER
            if answers < 0
            else poll_words.MORE_PLACEHOLDER
            if answers >= 2
            else poll_words.ANSWER_PLACEHOLDER
        )
        lasts_s = LASTS_S[self._lasts]
        ways = [
            poll_words.MANY if self._is_multiple else poll_words.ONE_ONLY,
            poll_words.ends_after(duration(lasts_s)) if lasts_s else poll_words.NO_END,
        ]
        if self._input.has_class("-refused") and answers < 2:
            ways.append(poll_words.TOO_FEW)
        self._ways.update(Content.styled(" ".join(ways), "$faint"))


class VoteDialog(Dialog[list[int] | Literal["close"]]):
    """Return the answers that were chosen, from 1; none takes a vote back; or "close"."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "step(1)", "Down", show=False, id="poll.down"),
        Binding("up,k", "step(-1)", "Up", show=False, id="poll.up"),
        Binding("space,tab", "mark", "Mark", id="poll.mark"),
        Binding("enter", "take", "Vote", id="poll.vote"),
        Binding("x", "take_back", "Take my vote back", id="poll.take_back"),
        Binding("c", "close_poll", "Close the poll", id="poll.close"),
    ]

    def __init__(self, poll: Poll, glyphs: Glyphs, *, is_mine: bool, at: int = 1) -> None:
        super().__init__()
        self.title_text = clean_line(poll.question)
        self._poll, self._glyphs, self._is_mine = poll, glyphs, is_mine
        self._marked = {n for n, each in enumerate(poll.options, 1) if each.is_mine}
        self._has_voted = bool(self._marked)
        first = min(self._marked, default=1) if at == 1 else at
        self._at = min(first, len(poll.options)) - 1
        self._options = OptionList(compact=True, markup=False)
        self._options.can_focus = False
        marks = (("Space", poll_words.MARK_HINT, "screen.mark"),) if poll.multiple else ()
        back = (("x", poll_words.VOTE_BACK_HINT, "screen.take_back"),) if self._has_voted else ()
        close = (("c", poll_words.CLOSE_HINT, "screen.close_poll"),) if is_mine else ()
        self.hints = (
            *marks,
            ("Enter", poll_words.VOTE_HINT, "screen.take"),
            *back,
            *close,
            ("Esc", _("Cancel"), "screen.leave"),
        )

    def body(self) -> list[Widget]:
        """The answers, and who sees what is chosen."""
        return [self._options, text(poll_words.VOTE_TEXT)]

    def on_mount(self) -> None:
        """Ready to choose."""
        self._show()

    def _show(self) -> None:
        options = []
        for number, each in enumerate(self._poll.options, 1):
            mark = self._glyphs.sent if number in self._marked else " "
            box = f"[{mark}] " if self._poll.multiple or self._has_voted else ""
            options.append(Option(Content(f"{box}{number} {clean_line(each.text)}")))
        self._options.clear_options()
        self._options.add_options(options)
        self._options.highlighted = self._at

    def action_step(self, step: int) -> None:
        """Move the highlight."""
        self._at = (self._at + step) % len(self._poll.options)
        self._options.highlighted = self._at

    def on_key(self, event: events.Key) -> None:
        """A digit highlights an answer, and marks it where several can be."""
        number = int(event.character) if event.character and event.character in DIGITS else 0
        if 0 < number <= len(self._poll.options):
            event.stop()
            self._at = number - 1
            self._options.highlighted = self._at
            self.action_mark()

    def action_mark(self) -> None:
        """Mark what is highlighted, or no longer, where several can be chosen."""
        if self._poll.multiple:
            self._marked ^= {self._at + 1}
            self._show()

    def action_take(self) -> None:
        """Return what is marked; where one can be chosen, what is highlighted."""
        self.dismiss(sorted(self._marked) if self._poll.multiple else [self._at + 1])

    def action_take_back(self) -> None:
        """Return nothing chosen."""
        if self._has_voted:
            self.dismiss([])

    def action_close_poll(self) -> None:
        """End it, if it is one's own."""
        if self._is_mine:
            self.dismiss("close")

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        self._at = event.option_index
        if self._poll.multiple:
            self.action_mark()
        else:
            self.action_take()
