"""Who the other person is: beside the conversation, where the terminal is wide enough.

Rule: nothing here is not also elsewhere; whoever has no room for it misses nothing. Knows no
engine. Spec: docs/tui.md, section 5.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content

from restante.client.interface import Conversation, Group, Member, SafetyNumber, Trust
from restante.client.tui import (
    chat_words,
    contact_words,
    group_words,
    invite_words,
    verify_words,
    words,
)
from restante.client.tui.bars import TRUST_STYLES, trust_glyph
from restante.client.tui.chats import is_muted
from restante.client.tui.clean import clean_line
from restante.client.tui.entry_parts import duration
from restante.client.tui.half_blocks import preview_lines
from restante.client.tui.roles import Paint
from restante.client.tui.stage import Stage
from restante.client.tui.text_line import Line, clickable, hint
from restante.client.tui.times import age, local
from restante.client.tui.wrap import cells, shorten

_KEEPING: Final = (
    ("m", words.INFO_MUTE, "screen.mute"),
    ("x", words.INFO_ARCHIVE, "screen.archive"),
    ("P", words.INFO_PINNED, "screen.pinned"),
)
ABOUT_THEM: Final = (
    ("v", contact_words.INFO_VERIFY, "screen.verify"),
    ("n", contact_words.INFO_RENAME, "screen.rename"),
    *_KEEPING,
    ("b", contact_words.INFO_BLOCK, "screen.block"),
)
ABOUT_ME: Final = _KEEPING[1:]
ABOUT_A_GROUP: Final = (
    ("M", group_words.MEMBERS_TITLE, "screen.members"),
    ("n", contact_words.INFO_RENAME, "screen.rename"),
    *_KEEPING,
    ("b", words.INFO_LEAVE, "screen.block"),
)
Part = Content | tuple[str, str]

PICTURE_COLUMNS: Final = 16
COLUMNS: Final = 27
"""Of the pane, beside a scrollbar."""

MAX_MEMBERS: Final = 12
"""Shown, so that the keys below stay in sight; `M` lists all."""


def digit_rows(digits: str, per_row: int) -> list[str]:
    """Return a safety number's groups of five in rows."""
    groups = digits.split()
    return ["  ".join(groups[at : at + per_row]) for at in range(0, len(groups), per_row)]


class InfoPane(VerticalScroll, can_focus=False):
    """Name, address, verification and safety number of the open conversation."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(id="info")
        self._stage = stage
        self._text = Line("", id="info-text")

    def compose(self) -> ComposeResult:
        """One text."""
        yield self._text

    def show(
        self,
        conversation: Conversation | None,
        *,
        number: SafetyNumber | None = None,
        group: Group | None = None,
    ) -> None:
        """Show a conversation's contact, or a group; number and members when they are there."""
        if conversation is None:
            self._text.update(Content())
        elif conversation.group is not None:
            self._text.update(Content.assemble(*self._group(conversation, group)))
        else:
            self._text.update(Content.assemble(*self._person(conversation, number)))

    def _person(self, conversation: Conversation, number: SafetyNumber | None) -> list[Part]:
        title, address = clean_line(conversation.title), clean_line(conversation.address)
        trust = conversation.trust
        state = (
            f"{trust_glyph(trust, self._stage.glyphs)} {contact_words.TRUST[trust].capitalize()}"
        )
        parts: list[Part] = [(title, "bold $primary")]
        if address != title:
            parts.append((f"\n{address}", "$faint"))
        if not conversation.is_self:
            parts += [("\n\n", ""), (state, TRUST_STYLES[trust])]
        parts += [(f"\n{each}", "$faint") for each in self._states(conversation)]
        if number is not None:
            rows = "\n".join(digit_rows(number.digits, 3))
            parts += [(f"\n\n{verify_words.SAFETY_TITLE}\n", "$faint"), (rows, "")]
        keys = ABOUT_ME if conversation.is_self else ABOUT_THEM
        return [*parts, ("\n", ""), *self._keys(keys)]

    def _group(self, conversation: Conversation, group: Group | None) -> list[Part]:
        line = conversation.group
        parts: list[Part] = list(self._picture(group))
        parts.append((clean_line(conversation.title), "bold $primary"))
        if line is not None and line.description:
            parts.append((f"\n{clean_line(line.description)}", "$faint"))
        parts += [(f"\n{each}", "$faint") for each in self._states(conversation)]
        if group is not None:
            parts.append((f"\n\n{group_words.members(len(group.members))}", "$faint"))
            for each in group.members[:MAX_MEMBERS]:
                parts += [("\n", ""), *self._member(each)]
            if len(group.members) > MAX_MEMBERS:
                left = len(group.members) - MAX_MEMBERS
                more = clickable(group_words.more(left), "screen.members", "$faint")
                parts += [("\n", ""), more]
            if group.asking:
                says = invite_words.asking(len(group.asking))
                parts += [("\n\n", ""), clickable(says, "screen.asking")]
        keys = [key for key in ABOUT_A_GROUP if self._is_offered(key[2])]
        return [*parts, ("\n", ""), *self._keys(keys)]

    def _picture(self, group: Group | None) -> Iterable[Part]:
        if group is None or group.picture is None or not self._stage.shows_pictures:
            return
        for line in preview_lines(group.picture, PICTURE_COLUMNS):
            yield from ((text, _colours(paint)) for text, paint in line)
            yield "\n", ""

    def _member(self, member: Member) -> list[Part]:
        name = words.YOU if member.is_me else clean_line(member.name)
        glyphs, role = self._stage.glyphs, group_words.ROLES[member.role]
        rest: list[tuple[str, str]] = []
        if not member.is_me and member.trust is not Trust.UNVERIFIED:
            rest.append((f" {trust_glyph(member.trust, glyphs)}", TRUST_STYLES[member.trust]))
        if role:
            rest.append((f" {glyphs.dot} {role}", "$faint"))
        room = COLUMNS - sum(cells(text) for text, _ in rest)  # one line each: they are scanned
        name = shorten(name, room, ellipsis=glyphs.ellipsis)
        return [clickable(name, f"screen.about_member('{member.key}')"), *rest]

    def _is_offered(self, action: str) -> bool:
        return bool(self.screen.check_action(action.removeprefix("screen."), ()))

    def _keys(self, keys: Iterable[tuple[str, str, str]]) -> list[Part]:
        parts: list[Part] = []
        for usual, label, action in keys:
            key = self._stage.key_of(action, usual)
            text = clickable(hint(key, label), action)
            parts += [("\n", ""), text.stylize("bold $warning", 0, len(key))]
        return parts

    def _states(self, conversation: Conversation) -> list[str]:
        now, zone = self._stage.now(), self._stage.zone
        states = []
        if conversation.seen_at is not None and not conversation.is_online:
            states.append(words.seen(age(local(conversation.seen_at, zone), now=now)))
        if conversation.timer_s:
            states.append(words.disappearing(duration(conversation.timer_s)))
        if is_muted(conversation, now):
            until = self._stage.until_words(conversation.muted_until)
            states.append(chat_words.muted_until(until).capitalize())
        if conversation.pinned:
            states.append(chat_words.KEPT.capitalize())
        if conversation.archived:
            states.append(chat_words.PUT_AWAY.capitalize())
        return states


def _colours(paint: Paint) -> str:
    upper = f"#{paint.upper.hex()}"
    return upper if paint.lower is None else f"{upper} on #{paint.lower.hex()}"
