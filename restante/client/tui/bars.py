"""The one-line parts: who one talks to, how the connection is, which keys there are.

Rule: a line never wraps and no word on it is cut; what doesn't fit is left out, the least important
first. Knows no engine. Spec: docs/tui.md, section 5.
"""

from __future__ import annotations

from textual.binding import ActiveBinding
from textual.content import Content
from textual.events import Resize
from textual.screen import Screen
from textual.style import Style

from restante.client.interface import ConnectionPhase, ContactState, Conversation, Status, Trust
from restante.client.language import _
from restante.client.tui import chat_words, contact_words, group_words, words
from restante.client.tui.chats import Chats, is_muted
from restante.client.tui.clean import clean_line
from restante.client.tui.entry_parts import duration
from restante.client.tui.glyphs import Glyphs
from restante.client.tui.stage import Stage
from restante.client.tui.text_line import NBSP, Line, clickable, hint
from restante.client.tui.wrap import cells, shorten

MAX_CELLS = 200
"""Of what a line says while it has no width yet."""

TRUST_STYLES = {Trust.VERIFIED: "$success", Trust.UNVERIFIED: "$warning", Trust.CHANGED: "$error"}


def trust_glyph(trust: Trust, glyphs: Glyphs) -> str:
    """The sign that stands before the word."""
    return {
        Trust.VERIFIED: glyphs.verified,
        Trust.UNVERIFIED: glyphs.unverified,
        Trust.CHANGED: glyphs.alert,
    }[trust]


class SignLine(Line):
    """A line that is drawn anew when it is resized, or when the signs are others."""

    def __init__(self, stage: Stage, *, id: str) -> None:  # Textual's name for it
        super().__init__(id=id)
        self._stage = stage

    def on_resize(self, _event: Resize) -> None:
        """Fit the new width."""
        self.draw()

    def draw(self) -> None:
        """Draw it as things stand."""
        raise NotImplementedError


class FindLine(SignLine):
    """The way to the quick switcher, and its key at the right edge."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage, id="find")

    def draw(self) -> None:
        """Fit the width."""
        text, key = f" {self._stage.glyphs.find} {words.FIND}", self._stage.key_of("go_to", "^k")
        gap = " " * max(1, self.content_size.width - cells(text) - len(key))
        line = Content.assemble((text + gap, "$faint"), (key, "bold $warning"))
        self.update(line.stylize(Style.from_meta({"@click": "app.go_to"})))


class ArchiveLine(Line):
    """How many chats were put away, and the way there and back; without any it takes no room."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(id="archive")
        self._stage = stage

    def show(self, chats: Chats) -> None:
        """Show what there is."""
        archived = chats.archived()
        self.display = bool(archived) or chats.shows_archived
        if chats.shows_archived:
            text = f"{self._stage.glyphs.back} {chat_words.BACK_TO_CHATS}"
        else:
            unread = sum(each.unread_count for each in archived if not chats.is_muted(each))
            text = chat_words.archived_chats(len(archived), unread)
        self.update(clickable(text, "screen.show_archived", "$faint"))


class HeaderLine(SignLine):
    """The name of the open conversation, and what is known of the key behind it."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage, id="header")
        self._conversation: Conversation | None = None

    def show(self, conversation: Conversation | None) -> None:
        """Show a conversation, or nothing."""
        self._conversation = conversation
        self.draw()

    def draw(self) -> None:
        """Draw it as things stand."""
        conversation, glyphs = self._conversation, self._stage.glyphs
        if conversation is None:
            self.update(Content(""))
            return
        trust, group = conversation.trust, conversation.group
        state = f"{trust_glyph(trust, glyphs)} {contact_words.TRUST[trust]}"
        if group is not None:
            state = group_words.members(group.member_count)
        width = self.content_size.width
        room = max(8, width - cells(state) - 2)
        title = shorten(clean_line(conversation.title), room, ellipsis=glyphs.ellipsis)
        parts: list[Content | tuple[str, str]] = [(title, "bold $primary"), ("  ", "")]
        if group is not None:
            parts.append((state, "$faint"))
        else:
            parts.append(clickable(state, "screen.verify", TRUST_STYLES[trust]))
        used = cells(title) + 2 + cells(state)
        for extra in self._extras(conversation):
            text = f" {glyphs.dot} {extra}"
            if used + cells(text) <= width:
                parts.append((text, "$faint"))
                used += cells(text)
        self.update(Content.assemble(*parts))

    def _extras(self, conversation: Conversation) -> list[str]:
        group = conversation.group
        if group is not None and conversation.contact is ContactState.REQUEST:
            return [group_words.ASKED]
        if conversation.contact is not ContactState.ACCEPTED:
            return [contact_words.CONTACT_STATE[conversation.contact]]
        last = clean_line(conversation.address if group is None else group.description)
        extras = [words.ONLINE] if conversation.is_online else []
        if conversation.timer_s:
            extras.append(words.timer(duration(conversation.timer_s)))
        if is_muted(conversation, self._stage.now()):
            extras.append(chat_words.MUTED)
        return [*extras, *([last] if last not in {"", conversation.title} else [])]


class ConnectionLine(SignLine):
    """The connection's state, always in sight; more words once it is away for longer."""

    def __init__(self, stage: Stage, *, id: str) -> None:  # Textual's name for it
        super().__init__(stage, id=id)
        self._status: Status | None = None
        self._is_late = False
        self._chat_count = 0
        self._under_way = ""

    def show(
        self, status: Status | None, *, is_late: bool, chat_count: int, under_way: str = ""
    ) -> None:
        """Show a status; `is_late`: it has been like this for longer than one's patience.

        `under_way` says what else takes time, such as a history on its way.
        """
        self._status, self._is_late = status, is_late
        self._chat_count, self._under_way = chat_count, under_way
        self.draw()

    def draw(self) -> None:
        """Draw it as things stand."""
        status, glyphs = self._status, self._stage.glyphs
        phase = status.phase if status else ConnectionPhase.CONNECTING
        sign, style, text = {
            ConnectionPhase.CONNECTED: (glyphs.connected, "$success", words.CONNECTED),
            ConnectionPhase.CONNECTING: (glyphs.connecting, "$warning", words.CONNECTING),
            ConnectionPhase.OFFLINE: (glyphs.offline, "$warning", words.OFFLINE),
            ConnectionPhase.STOPPED: (glyphs.offline, "$faint", words.STOPPED),
        }[phase]
        relay = (status.address or "").rpartition("@")[2] if status else ""
        width = self.content_size.width
        room = width - cells(sign) - 1 if width else MAX_CELLS
        if phase is ConnectionPhase.CONNECTING and self._is_late and relay:
            whole = words.connecting_to(clean_line(relay))
            text = whole if cells(whole) <= room else text  # the banner names the relay, too
        elif self._under_way:
            text = self._under_way
        elif self._chat_count:
            text = f"{text} {glyphs.dot} {words.chats(self._chat_count)}"
        text = shorten(text, room, ellipsis=glyphs.ellipsis)
        self.update(Content.assemble((f"{sign} ", style), (text, "$faint")))


class KeyHints(SignLine):
    """The keys that do something here and now; each can be clicked."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage, id="hints")

    def on_mount(self) -> None:
        """Follow the focus."""
        self.screen.bindings_updated_signal.subscribe(self, self._bindings_changed)
        self.draw()

    def _bindings_changed(self, screen: Screen[object]) -> None:
        if screen is self.app.screen:
            self.draw()

    def draw(self) -> None:
        """Draw it as things stand."""
        width = self.content_size.width
        shown: dict[str, tuple[str, str]] = {}
        nearest_first = sorted(self.screen.active_bindings.values(), key=self._distance)
        for node, binding, is_enabled, _tooltip in nearest_first:
            if binding.show and is_enabled and binding.description:
                key = binding.key_display or self.app.get_key_display(binding)
                where = {self.app: "app.", self.screen: "screen."}.get(node, "focused.")
                has_place = binding.action.startswith(("app.", "screen."))
                action = binding.action if has_place else where + binding.action
                shown.setdefault(action, (key, _(binding.description)))
        last = self._one(
            self._stage.key_of("command_palette", "^p"), words.PALETTE, "app.command_palette"
        )
        parts: list[Content] = []
        used = last.cell_length
        for action, (key, label) in shown.items():
            size = cells(hint(key, label)) + 2
            if used + size > width:
                break
            parts += [self._one(key, label, action), Content("  ")]
            used += size
        gap = Content(" " * max(0, width - used))
        self.update(Content("").join([*parts, gap, last]))

    def _distance(self, active: ActiveBinding) -> int:
        return {self.app: 2, self.screen: 1}.get(active.node, 0)

    def _one(self, key: str, label: str, action: str) -> Content:
        return Content.assemble(
            clickable(key, action, "bold $warning"), clickable(f"{NBSP}{label}", action, "")
        )
