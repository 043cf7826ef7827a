"""What a message is besides its text: a place, a card, what was done to it and said of it. Pure.

Rule: sentences only, no lines: how they are wrapped and coloured is for whoever lays out. Every
string of a peer's passes `clean_line`. Spec: docs/tui.md, section 4.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from restante.client.hearing import heard
from restante.client.interface import Card, Message, Place
from restante.client.language import plural
from restante.client.tui import bearings, words
from restante.client.tui.clean import clean_line
from restante.client.tui.file_words import file_lines
from restante.client.tui.page import Page
from restante.client.tui.times import age, clock_time, day_title, local

HAS_HEADING: Final = frozenset({"text", "file", "unknown", "location", "contact", "poll"})
"""Kinds that somebody said; the others are notices."""

_HOUR_S: Final = 3600
_UNITS: Final[tuple[tuple[int, Callable[[int], str]], ...]] = (
    (7 * 86_400, lambda count: plural("{count} week", "{count} weeks", count)),
    (86_400, lambda count: plural("{count} day", "{count} days", count)),
    (_HOUR_S, lambda count: plural("{count} hour", "{count} hours", count)),
    (60, lambda count: plural("{count} minute", "{count} minutes", count)),
)


def body_of(message: Message, page: Page) -> str:
    """Return what a message that has a heading says."""
    if message.kind == "unknown":
        return heard(message.error or words.UNKNOWN)
    if message.location is not None:
        return _place(message.location, page, is_mine=message.sender.is_me)
    if message.card is not None:
        return _card(message.card)
    if message.file is not None:
        return file_lines(message.file, page, page.under_way.get(message.id))
    return message.body


def notice_of(message: Message) -> str:
    """Return what a notice says."""
    if message.kind == "deleted":
        return words.deleted(by_me=message.sender.is_me)
    if message.kind == "setting":
        name = words.YOU if message.sender.is_me else clean_line(message.sender.name)
        return words.timer_set(name, duration(message.sets_timer_s or 0))
    return heard(message.body or message.error or "")


def reactions_of(message: Message) -> list[str]:
    """Return the reactions to a message, the most frequent first."""
    return [
        f"{clean_line(each.emoji)} {each.count}{words.WITH_YOU if each.is_mine else ''}"
        for each in message.reactions
    ]


def marks_of(message: Message, page: Page) -> str:
    """Return what was done to a message: pinned, edited, imported, when it disappears."""
    parts = [
        words.PINNED if message.pinned else "",
        words.EDITED if message.edited and message.location is None else "",
        words.IMPORTED if message.imported else "",
        _disappears(message, page),
    ]
    return f" {page.glyphs.dot} ".join(filter(None, parts))


def duration(seconds: int) -> str:
    """`1 day`, `2 hours`, `45 seconds`; empty for none."""
    for unit_s, said in _UNITS:
        if seconds >= unit_s and seconds % unit_s == 0:
            return said(seconds // unit_s)
    return plural("{count} second", "{count} seconds", seconds) if seconds else ""


def _disappears(message: Message, page: Page) -> str:
    if message.gone_at is not None:
        return words.disappears_at(_when(local(message.gone_at, page.zone), page))
    return words.disappears_after(duration(message.timer_s)) if message.timer_s else ""


def _when(moment: datetime, page: Page) -> str:
    today = page.now.date()
    at = clock_time(moment, is_12_hours=page.is_12_hours)
    return at if moment.date() == today else f"{day_title(moment.date(), today=today)}, {at}"


def _place(place: Place, page: Page, *, is_mine: bool) -> str:
    latitude, longitude = f"{place.latitude:.5f}", f"{place.longitude:.5f}"
    near = "" if place.accuracy_m is None else f" ±{place.accuracy_m} m"
    lines = [clean_line(place.label)] if place.label else []
    lines.append(f"{words.PLACE} {latitude}, {longitude}{near}")
    if place.live_until is not None:
        until = local(place.live_until, page.zone)
        at = local(place.at, page.zone)
        is_over = until <= page.now.astimezone(until.tzinfo)
        if is_over:
            lines.append(words.place_was(_when(at, page)))
        else:
            lines.append(words.live_place(age(at, now=page.now), _when(until, page)))
    uncertainty = "" if place.accuracy_m is None else f";u={place.accuracy_m}"
    lines.append(f"geo:{latitude},{longitude}{uncertainty}")
    return "\n".join([*lines, *([] if is_mine else _from_here(place, page))])


def _from_here(place: Place, page: Page) -> list[str]:
    """Say how far it is from where the reader is, if they have said so, and sketch it."""
    if page.here is None:
        return []
    there = (place.latitude, place.longitude)
    away, degrees = bearings.distance_m(page.here, there), bearings.bearing(page.here, there)
    said = words.from_here(
        bearings.distance_text(away), bearings.direction(degrees), f"{degrees:.0f}°"
    )
    if page.glyphs.is_ascii:
        return [said]
    ring = words.ring(bearings.distance_text(bearings.ring_m(away)))
    drawn = bearings.sketch(away, degrees)
    return [said, *drawn[:-1], f"{drawn[-1]} {ring}"]


def _card(card: Card) -> str:
    name, address = clean_line(card.name), clean_line(card.address)
    hint = words.CARD_KNOWN if card.conversation is not None else words.CARD_HINT
    return f"{words.CARD} {name or address}\n{address}\n{hint}"
