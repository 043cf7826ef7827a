"""A conversation as two lines of the list: who and when, what and how much is new. Pure.

Rule: the right edge (time, unread count) is never cut, and what is on the left ends with a whole
word. Spec: docs/tui.md, section 5.
"""

from __future__ import annotations

from restante.client.hearing import heard
from restante.client.interface import ContactState, Conversation, Message, MessageState, Trust
from restante.client.tui import group_words, poll_words, words
from restante.client.tui.clean import clean_line
from restante.client.tui.entry_parts import HAS_HEADING
from restante.client.tui.glyphs import Glyphs
from restante.client.tui.markup import in_one_line
from restante.client.tui.page import Page
from restante.client.tui.times import local, short_age
from restante.client.tui.wrap import cells, shorten

STYLES = ("title", "faint", "unread", "draft", "verified", "changed", "request", "mark")
"""Names of the styles the parts have."""

Part = tuple[str, str]
"""Text and the name of its style."""


def title_line(conversation: Conversation, page: Page, *, is_muted: bool = False) -> list[Part]:
    """Return the first line: name, what is known of the key, and when it last moved."""
    width, glyphs, when = page.width, page.glyphs, ""
    if conversation.last is not None:
        at = local(conversation.last.sent_at, page.zone)
        when = short_age(at, now=page.now, is_12_hours=page.is_12_hours)
    signs = _signs(conversation, glyphs, is_muted=is_muted)
    used = sum(cells(sign) + 1 for sign, _ in signs)
    begin, name = _place(conversation, glyphs)
    room = width - cells(when) - (2 if when else 0) - used - cells(begin)
    title = shorten(name, max(1, room), ellipsis=glyphs.ellipsis)
    parts: list[Part] = [(begin, "faint"), (title, "title")]
    for sign in signs:
        parts += [(" ", "faint"), sign]
    return _justify(parts, (when, "faint"), width)


def preview_line(
    conversation: Conversation,
    page: Page,
    draft: str | None,
    *,
    is_muted: bool = False,
    is_typing: bool = False,
) -> list[Part]:
    """Return the second line: who types, the draft, else the last message; and how many are new."""
    width, glyphs, unread = page.width, page.glyphs, conversation.unread_count
    count = "" if not unread else "999+" if unread > 999 else str(unread)
    count = f"@ {count}" if conversation.unread_mentions else count
    count = count or (glyphs.connected if conversation.marked_unread else "")
    begin = "   " if is_channel(conversation) else " "
    room = max(1, width - cells(begin) - cells(count) - (2 if count else 0))
    if is_typing:
        text, style = words.TYPING, "verified"
    elif draft:
        text, style = f"{glyphs.draft} {words.DRAFT} {clean_line(draft.strip())}", "draft"
    else:
        text, style = _preview(conversation, glyphs), "faint"
    parts = [(begin, "faint"), (shorten(text, room, ellipsis=glyphs.ellipsis), style)]
    return _justify(parts, (count, "faint" if is_muted else "unread"), width)


def is_channel(conversation: Conversation) -> bool:
    """Whether a conversation is a channel of a space."""
    return conversation.group is not None and conversation.group.space is not None


def _place(conversation: Conversation, glyphs: Glyphs) -> tuple[str, str]:
    """Return how a title begins, and the title: a channel's with its category."""
    title = clean_line(conversation.title)
    if conversation.group is None or conversation.group.space is None:
        return " ", title
    category = clean_line(conversation.group.category)
    return "   # ", f"{title} {glyphs.dot} {category}" if category else title


def _signs(conversation: Conversation, glyphs: Glyphs, *, is_muted: bool) -> list[Part]:
    known = _known(conversation, glyphs)
    return [
        *([known] if known else []),
        *([(glyphs.connected, "verified")] if conversation.is_online else []),
        *([(glyphs.kept, "faint")] if conversation.pinned else []),
        *([(glyphs.muted, "faint")] if is_muted else []),
    ]


def _known(conversation: Conversation, glyphs: Glyphs) -> Part | None:
    if conversation.contact is ContactState.REQUEST:
        return glyphs.request, "request"
    if conversation.trust is Trust.CHANGED:
        return glyphs.alert, "changed"
    if conversation.trust is Trust.VERIFIED:
        return glyphs.verified, "verified"
    return None


def _preview(conversation: Conversation, glyphs: Glyphs) -> str:
    if conversation.contact is ContactState.REQUEST:
        is_group = conversation.group is not None
        return group_words.REQUEST_PREVIEW if is_group else words.REQUEST_PREVIEW
    if conversation.contact is ContactState.BLOCKED:
        return words.BLOCKED_PREVIEW
    if conversation.last is None:
        return words.NO_MESSAGES_PREVIEW
    last = conversation.last
    excerpt = _excerpt(last, glyphs)
    if conversation.group is None or last.sender.is_me or last.kind not in HAS_HEADING:
        return excerpt
    return f"{clean_line(last.sender.name).partition('@')[0]}: {excerpt}"


def _excerpt(message: Message, glyphs: Glyphs) -> str:
    instead = {
        "gap": words.GAP,
        "undecryptable": words.UNDECRYPTABLE,
        "unknown": words.UNKNOWN,
    }.get(message.kind)
    if instead is not None:
        return instead
    said = message.body if message.kind in HAS_HEADING else heard(message.body)
    body = in_one_line(said[:256])
    if message.location is not None:
        place = message.location
        label = clean_line(place.label) or f"{place.latitude:.4f}, {place.longitude:.4f}"
        body = f"{words.PLACE} {label}"
    elif message.poll is not None:
        body = f"{poll_words.POLL} {clean_line(message.poll.question)}"
    elif message.card is not None:
        body = f"{words.CARD} {clean_line(message.card.name or message.card.address)}"
    if not message.sender.is_me or message.kind not in HAS_HEADING:
        return body
    if message.state in {MessageState.FAILED, MessageState.EXPIRED}:
        return f"{glyphs.alert} {words.NOT_SENT} {body}"
    sign = f"{glyphs.queued} " if message.state is MessageState.QUEUED else ""
    return f"{sign}{words.YOU}: {body}"


def _justify(left: list[Part], right: Part, width: int) -> list[Part]:
    used = sum(cells(text) for text, _ in left) + cells(right[0])
    return [*left, (" " * max(0, width - used), "faint"), right]
