"""What is said of files: in a message's lines, beside the connection, in dialogs. Pure.

Rule: sentences only; every string of a peer's passes `clean`. Spec: docs/tui.md, section 4.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import pairwise
from typing import Final

from restante.client.hearing import heard
from restante.client.interface import File, FileProgress, FileState, Message
from restante.client.language import _, plural
from restante.client.sizes import size_text
from restante.client.tui import words
from restante.client.tui.clean import clean_line
from restante.client.tui.glyphs import Glyphs
from restante.client.tui.page import Page
from restante.client.tui.times import day_title, local
from restante.client.tui.wrap import cells, shorten

NBSP: Final = "\N{NO-BREAK SPACE}"
BAR_COLUMNS: Final = 20
WAVE_COLUMNS: Final = 48
"""Of a voice note's loudness, at the most."""

_LOUDNESS: Final = "▁▂▃▄▅▆▇█"
_LOUDNESS_ASCII: Final = "_.:-=+*#"

MOST_LISTED: Final = 256
MEDIA_TITLE: Final = _("Media and files")
NO_MEDIA: Final = _("No files in this chat.")

FILE: Final = _("File:")
SEND_TITLE: Final = _("Send a file")
SEND_TEXT: Final = _("Where it is. It is encrypted before it leaves, and goes on by itself.")
SEND_PLACEHOLDER: Final = "~/report.pdf"
SAVE_TITLE: Final = _("Save the file")
SAVE_TEXT: Final = _("Into which directory. Nothing that is there is written over.")
SENDING: Final = _("The file is on its way. Its message follows when all of it is there.")
FETCHING: Final = _("The file is fetched. s saves it once it is here.")
VOICE_FETCHING: Final = _("The voice note is fetched. o plays it once it is here.")
HEAR_BACK: Final = _("back")
HEAR_ON: Final = _("on")
HEAR_SLOWER: Final = _("slower")
HEAR_FASTER: Final = _("faster")
HEAR_END: Final = _("end")
PICTURE_FETCHING: Final = _("The picture is fetched. o shows it once it is here.")
STOPPED: Final = _("It is fetched no more; s goes on from there.")

ENDS: Final = {"in": _("s stop"), "out": _("u take back")}
TAKEN_BACK: Final = _("Taken back: it isn't sent.")
VOICE_TITLE: Final = _("Voice note")
VOICE_TEXT: Final = _("Recording, five minutes at the most. It stays in memory.")
NOTHING_HEARD: Final = _("Nothing was recorded. Nothing was sent.")
FETCH_TITLE: Final = _("Fetch files of this chat by themselves")
FETCH_TEXT: Final = _(
    "On all your devices. Whoever runs their relay sees when something is fetched."
)
FETCH_USUAL: Final = _("As in the settings (F2)")
FETCH_CHOSEN: Final = _("It holds for what comes from now on.")

STATE: Final = {
    FileState.SENDING: _("on its way to the relay"),
    FileState.FETCHING: _("on its way here"),
    FileState.HERE: _("here"),
    FileState.FAILED: _("not here"),
    FileState.LOST: _("gone from the relay"),
}

_MOVING: Final = frozenset({FileState.SENDING, FileState.FETCHING})


def file_lines(file: File, page: Page, moves: FileProgress | None = None) -> str:
    """Name, size and where it stands; how far on its way; what goes wrong. Not the caption."""
    dot = page.glyphs.dot
    lines = [
        f"{FILE} {clean_line(file.name)}",
        f"{_measures(file, dot)} {dot} {_stands(file, page)}",
    ]
    if file.waveform:
        lines.insert(1, loudness(file.waveform, page))
    why = file.error
    if moves is not None and file.state in _MOVING:
        lines.append(progress(moves, page))
        why = why or moves.error
    if why:
        lines.append(f"{page.glyphs.alert} {clean_line(heard(why))}")
    return "\n".join(lines)


def progress(moves: FileProgress, page: Page) -> str:
    """How far it is, how fast, how long it takes, and what ends it."""
    full, empty = bar_signs(page.glyphs)
    columns = max(4, min(BAR_COLUMNS, page.measure // 4))
    share = min(1.0, moves.done_bytes / max(1, moves.total_bytes))
    bar = full * int(columns * share) + empty * (columns - int(columns * share))
    parts = [f"{bar} {min(99, int(100 * share))} %"]
    if moves.rate_bytes_s:
        parts.append(f"{size_text(moves.rate_bytes_s)}/s")
    if moves.left_s is not None:
        parts.append(_("{length} left", length=length(moves.left_s)))
    parts.append(ENDS[moves.direction])
    return "  ".join(part.replace(" ", NBSP) for part in parts)


def bar_signs(glyphs: Glyphs) -> tuple[str, str]:
    """What a bar is made of: where it is full, and where it isn't."""
    return ("#", ".") if glyphs.is_ascii else ("█", "░")


def loudness(waveform: Sequence[int], page: Page) -> str:
    """Draw how loud a voice note is, from its beginning to its end."""
    steps = _LOUDNESS_ASCII if page.glyphs.is_ascii else _LOUDNESS
    columns = min(len(waveform), page.measure, WAVE_COLUMNS)
    bounds = [at * len(waveform) // columns for at in range(columns + 1)]
    loudest = (max(waveform[a:b]) for a, b in pairwise(bounds))
    return "".join(steps[min(each, 255) * len(steps) // 256] for each in loudest)


def length(duration_s: float) -> str:
    """`0:07`, `1:02:03`."""
    minutes, seconds = divmod(round(duration_s), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def heard_so_far(at_s: float, length_s: float | None, speed: float) -> str:
    """`0:12 / 0:42  1.5x`: where one is in a voice note, and how fast it is played."""
    whole = "" if length_s is None else f" / {length(length_s)}"
    return f"{length(int(at_s))}{whole}  {speed:g}x"


def picture_comes(name: str) -> str:
    """While it is decoded."""
    return _("Opening {name}…", name=name)


def picture_shown(name: str) -> str:
    """Below a picture."""
    return _("{name}   Esc Close", name=name)


def under_way(files: Collection[FileProgress]) -> str:
    """How far files are, beside the connection: all together; empty when none is on its way."""
    if not files:
        return ""
    done, total = (sum(getattr(each, of) for each in files) for of in ("done_bytes", "total_bytes"))
    ways = {_("out") if each.direction == "out" else _("in") for each in files}
    way = f" {ways.pop()}" if len(ways) == 1 else ""
    percent = min(99, 100 * done // max(1, total))
    what = plural("File", "{count} files", len(files))
    rate = sum(each.rate_bytes_s for each in files)
    left_s = [each.left_s for each in files if each.left_s is not None]
    if rate and left_s:  # all of it has to fit beside the connection
        return f"{what} {percent} % {size_text(rate)}/s {length(max(left_s))}"
    return f"{what}{way} {percent} %"


def listed(message: Message, page: Page) -> str:
    """A file in a list: what kind it is, its name, how large, where, whose and when."""
    file = message.file
    if file is None:
        return clean_line(message.body)
    dot = f" {page.glyphs.dot} "
    name = words.YOU if message.sender.is_me else clean_line(message.sender.name)
    day = day_title(local(message.sent_at, page.zone).date(), today=page.now.date())
    where = STATE.get(file.state, _("at the relay"))
    said = dot.join([_measures(file, page.glyphs.dot), where, name, day])
    room = max(8, page.measure - cells(said) - 3)
    return f"{shorten(clean_line(file.name), room, ellipsis=page.glyphs.ellipsis)}{dot}{said}"


def media_sum(messages: Sequence[Message]) -> str:
    """How many files there are, and what they take on this device."""
    here = [each.file for each in messages if each.file is not None]
    taken = sum(each.size_bytes for each in here if each.state is FileState.HERE)
    if len(messages) == MOST_LISTED:
        return _(
            "the newest {count} files, {size} on this device",
            count=MOST_LISTED,
            size=size_text(taken),
        )
    return plural(
        "{count} file, {size} on this device",
        "{count} files, {size} on this device",
        len(messages),
        size=size_text(taken),
    )


def saved(path: str) -> str:
    """Where it is now."""
    return _("Saved as {path}.", path=clean_line(path))


def _measures(file: File, dot: str) -> str:
    known = size_text(file.size_bytes)
    return known if file.duration_s is None else f"{length(file.duration_s)} {dot} {known}"


def _stands(file: File, page: Page) -> str:
    if file.state is not FileState.OFFERED:
        return STATE[file.state]
    if file.expires_at is None:
        return _("at the relay  s\N{NO-BREAK SPACE}save")
    until = day_title(local(file.expires_at, page.zone).date(), today=page.now.date())
    return _("at the relay until {until}  s\N{NO-BREAK SPACE}save", until=until)
