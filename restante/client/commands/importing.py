"""`restante import`: what `restante export` wrote, or WhatsApp's text export, into a conversation.

Rule: what is imported twice is there once; what isn't taken is counted by its reason, and said, at
will with its line.
Spec: docs/cli.md, section "import".
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC
from hashlib import sha256
from itertools import islice
from typing import IO, Any, Final, TypeGuard

from restante.client.archives.whatsapp import Chat, DateOrder, read_chat
from restante.client.commands.output import Output
from restante.client.oneshot import Caller
from restante.errors import ExitCode, UserError

AT_ONCE: Final = 256
MAX_BATCH_BYTES: Final = 256 * 1024
MAX_LINE_BYTES: Final = 1024 * 1024
GROUP_KEY_CHARS: Final = 64
"""Of a group's key in hex; an account's has 32."""

NOT_SAID: Final = "entries that nobody said: settings, gaps, notices"
DELETED: Final = "messages that were deleted"
UNREADABLE: Final = "lines that are no message of an export"
REFUSED: Final = "texts that are too long, or dated before 1990 or in the future"
UNKNOWN: Final = "texts in groups, of people who aren't known here"
UNKNOWN_GROUP: Final = "of groups that aren't here"
KNOWN: Final = "that are here already, or were deleted here"

Text = dict[str, Any]
Placed = tuple[int, Text]
"""A text, and the number of the line where it begins in the file."""


class LeftOut:
    """What is not taken: counted by its reason, and shown line by line where that is wanted."""

    def __init__(self, out: Output, *, is_shown: bool) -> None:
        self._out = out
        self._is_shown = is_shown
        self.counts: Counter[str] = Counter()

    def note(self, line: int, reason: str) -> None:
        """Count what begins in a line; show it at once, for there may be many."""
        self.counts[reason] += 1
        if self._is_shown:
            record = {"type": "left_out", "line": line, "reason": reason}
            self._out.data(record, f"Line {line}: {reason}.")


def import_(
    out: Output,
    caller: Caller,
    file: str,
    *,
    chat: str | None,
    form: str | None,
    me: str | None,
    order: DateOrder | None,
    lists: bool,
    dry_run: bool,
) -> ExitCode:
    """Import a file, and say what was taken and what wasn't; `lists`: also in which lines."""
    left_out = LeftOut(out, is_shown=lists)
    try:
        with open(file, encoding="utf-8-sig", errors="replace", newline="\n") as lines:
            filing = _Filing(caller, left_out, dry_run=dry_run)
            chosen = form or _form_of(lines)
            if chosen == "whatsapp":
                _import_whatsapp(filing, lines, chat=chat, me=me, order=order)
            else:
                _Lines(filing, chat=chat).take(lines)
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise UserError(f"{file} can't be read: {reason}.") from error
    added, skipped = filing.added, left_out.counts
    would = "would be " if dry_run else ""
    record = {"format": chosen, "added": added, "skipped": dict(skipped), "dry_run": dry_run}
    out.data({"type": "imported", **record}, f"{added} messages {would}imported.")
    for reason, count in sorted(skipped.items()):
        out.note(f"Left out: {count} {reason}.")
    return ExitCode.OK


def _form_of(lines: IO[str]) -> str:
    """Tell what a file is by its first line."""
    first = lines.readline(MAX_LINE_BYTES)
    lines.seek(0)
    return "jsonl" if first.lstrip().startswith("{") else "whatsapp"


# ---- WhatsApp -------------------------------------------------------------------------------


def _import_whatsapp(
    filing: _Filing,
    lines: Iterable[str],
    *,
    chat: str | None,
    me: str | None,
    order: DateOrder | None,
) -> None:
    if chat is None:
        raise UserError("Say into which conversation: --chat CONVERSATION.")
    found = read_chat(lines, order=order)
    names = found.names
    if me is None or (names and me not in names):
        listed = ", ".join(repr(name[:40]) for name in names[:8])
        raise UserError(
            f"Say which of the names in the file is you: --me NAME. There are {listed}."
        )
    key = filing.resolve(chat)
    if _is_group(key):
        raise UserError(
            "WhatsApp's texts go into a conversation with one person: of a group, nobody here is "
            "known by the names in the file. Choose another --chat."
        )
    for each in found.left_out:
        filing.left_out.note(each.line, each.reason)
    is_note = key == filing.resolve("self")  # where all texts are one's own
    filing.file(key, _whatsapp_texts(found, me, names_all=is_note))


def _whatsapp_texts(chat: Chat, me: str, *, names_all: bool) -> Iterator[Placed]:
    """Yield texts; those of others say whose they are if several wrote, or `names_all`."""
    others = {line.name for line in chat.lines if line.name != me}
    same: Counter[str] = Counter()
    place, before = 0, None
    for line in chat.lines:
        place = place + 1 if line.at == before else 0
        before = line.at
        is_me = line.name == me
        source = sha256(f"{line.at.isoformat()}\0{line.name}\0{line.text}".encode()).hexdigest()
        same[source] += 1
        is_clear = is_me or (len(others) == 1 and not names_all)
        yield (
            line.number,
            {
                "source": f"whatsapp {source} {same[source]}",
                "is_me": is_me,
                "sent_at": line.at.astimezone(UTC).isoformat(),
                "body": line.text if is_clear else f"{line.name}: {line.text}",
                "place": place,
            },
        )


# ---- lines of JSON --------------------------------------------------------------------------


class _Lines:
    """Takes the lines of an export, conversation by conversation."""

    def __init__(self, filing: _Filing, *, chat: str | None) -> None:
        self._filing = filing
        self._left_out = filing.left_out
        self._chat = None if chat is None else filing.resolve(chat)
        self._keys: dict[str, str | None] = {}

    def take(self, lines: IO[str]) -> None:
        """Take all lines."""
        key = self._chat
        waiting: list[Placed] = []
        place, before = 0, None
        number = 0
        while raw := lines.readline(MAX_LINE_BYTES):
            number += 1
            record = _record(raw)
            if record is None:
                if raw.strip():
                    self._left_out.note(number, UNREADABLE)
                continue
            if record["type"] == "export_conversation":
                self._file(key, waiting)
                waiting, key = [], self._chat or self._key_of(record)
            elif record["type"] == "message":
                if key is None and (key := self._key_of(_place_of(record))) is None:
                    self._left_out.note(number, _unknown(record))
                    continue
                text = self._text(number, record)
                if text is None:
                    continue
                place = place + 1 if text["sent_at"] == before else 0
                before = text["sent_at"]
                waiting.append((number, {**text, "place": place}))
                if len(waiting) >= AT_ONCE:
                    self._file(key, waiting)
                    waiting = []
        self._file(key, waiting)

    def _file(self, key: str | None, texts: list[Placed]) -> None:
        if key is not None and texts:
            self._filing.file(key, iter(texts))

    def _key_of(self, record: dict[str, Any]) -> str | None:
        """Find the conversation that a line names, here."""
        key = record.get("key")
        name = key if _is_group(key) else str(record.get("address", ""))
        if name not in self._keys:
            try:
                self._keys[name] = self._filing.resolve(name)
            except UserError:
                self._keys[name] = None
        return self._keys[name]

    def _text(self, number: int, record: dict[str, Any]) -> Text | None:
        kind, sender = record.get("kind"), record.get("from")
        if kind == "deleted":
            self._left_out.note(number, DELETED)
        elif kind not in {"text", "location", "contact", "poll"}:
            self._left_out.note(number, NOT_SAID)
        elif not isinstance(sender, dict) or not all(
            isinstance(record.get(name), str) for name in ("id", "sent_at", "body")
        ):
            self._left_out.note(number, UNREADABLE)
        else:
            return {
                "source": record["id"],
                "is_me": sender.get("is_me") is True,
                "sent_at": record["sent_at"],
                "body": record["body"],
                "author": str(sender.get("address") or ""),
            }
        return None


def _record(raw: str) -> dict[str, Any] | None:
    try:
        record = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    is_ours = isinstance(record, dict) and record.get("v") == 1
    return record if is_ours and isinstance(record.get("type"), str) else None


def _named(record: dict[str, Any]) -> dict[str, Any]:
    sender = record.get("from")
    return sender if isinstance(sender, dict) and not sender.get("is_me") else {}


def _place_of(record: dict[str, Any]) -> dict[str, Any]:
    """Return what names a message's conversation: its group, or who wrote it."""
    key = record.get("conversation")
    return {"key": key} if _is_group(key) else _named(record)


def _is_group(key: object) -> TypeGuard[str]:
    return isinstance(key, str) and len(key) == GROUP_KEY_CHARS


def _unknown(record: dict[str, Any]) -> str:
    if _is_group(record.get("conversation")):
        return UNKNOWN_GROUP
    name = str(_named(record).get("address") or "somebody")[:80]
    return f"of {name}, who is no contact here"


# ---- both -----------------------------------------------------------------------------------


class _Filing:
    """Has texts filed by the engine, a batch at a time."""

    def __init__(self, caller: Caller, left_out: LeftOut, *, dry_run: bool) -> None:
        self._caller = caller
        self._dry_run = dry_run
        self.left_out = left_out
        self.added = 0

    def resolve(self, name: str) -> str:
        """Return a conversation's key. UserError: there is none of that name."""
        return str(self._caller.call("resolve", text=name))

    def file(self, key: str, texts: Iterator[Placed]) -> None:
        """File texts in a conversation. Each batch is there whole, or not at all."""
        while batch := _batch(texts):
            result = self._caller.call(
                "import_texts",
                conversation=key,
                texts=[text for _, text in batch],
                dry_run=self._dry_run,
            )
            self.added += result["added"]
            for reason, name in (
                (KNOWN, "known_at"),
                (REFUSED, "refused_at"),
                (UNKNOWN, "unknown_at"),
            ):
                for index in result[name]:
                    self.left_out.note(batch[index][0], reason)


def _batch(texts: Iterator[Placed]) -> list[Placed]:
    """Take as many as fit one request; a text alone always does, or is refused for its length."""
    batch: list[Placed] = []
    size = 0
    for number, text in islice(texts, AT_ONCE):
        batch.append((number, {**text, "body": text["body"][: MAX_BATCH_BYTES // 4]}))
        size += len(text["body"])
        if size * 6 >= MAX_BATCH_BYTES:
            break
    return batch
