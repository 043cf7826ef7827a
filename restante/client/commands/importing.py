"""`restante import`: what `restante export` wrote, or WhatsApp's text export, into a conversation.

Rule: what is imported twice is there once; what isn't taken is counted by its reason, and said.
Spec: docs/cli.md, section "import".
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC
from hashlib import sha256
from itertools import islice
from typing import IO, Any, Final

from restante.client.archives.whatsapp import Chat, DateOrder, read_chat
from restante.client.commands.output import Output
from restante.client.oneshot import Caller
from restante.errors import ExitCode, UserError

AT_ONCE: Final = 256
MAX_BATCH_BYTES: Final = 256 * 1024
MAX_LINE_BYTES: Final = 1024 * 1024

NOT_SAID: Final = "entries that nobody said: settings, gaps, notices"
DELETED: Final = "messages that were deleted"
UNREADABLE: Final = "lines that are no message of an export"
REFUSED: Final = "texts that are too long, or dated before 1990 or in the future"
KNOWN: Final = "that are here already, or were deleted here"

Text = dict[str, Any]


def import_(
    out: Output,
    caller: Caller,
    file: str,
    *,
    chat: str | None,
    form: str | None,
    me: str | None,
    order: DateOrder | None,
    dry_run: bool,
) -> ExitCode:
    """Import a file, and say what was taken and what wasn't."""
    try:
        with open(file, encoding="utf-8-sig", errors="replace", newline="\n") as lines:
            chosen = form or _form_of(lines)
            if chosen == "whatsapp":
                result = _import_whatsapp(
                    caller, lines, chat=chat, me=me, order=order, dry_run=dry_run
                )
            else:
                result = _Lines(caller, chat=chat, dry_run=dry_run).take(lines)
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise UserError(f"{file} can't be read: {reason}.") from error
    added, skipped = result
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
    caller: Caller,
    lines: Iterable[str],
    *,
    chat: str | None,
    me: str | None,
    order: DateOrder | None,
    dry_run: bool,
) -> tuple[int, Counter[str]]:
    if chat is None:
        raise UserError("Say into which conversation: --chat CONVERSATION.")
    found = read_chat(lines, order=order)
    names = found.names
    if me is None or (names and me not in names):
        listed = ", ".join(repr(name[:40]) for name in names[:8])
        raise UserError(
            f"Say which of the names in the file is you: --me NAME. There are {listed}."
        )
    key = caller.call("resolve", text=chat)
    skipped = Counter(found.skipped)
    is_note = key == caller.call("resolve", text="self")  # where all texts are one's own
    texts = _whatsapp_texts(found, me, names_all=is_note)
    return _file(caller, key, texts, skipped, dry_run=dry_run), skipped


def _whatsapp_texts(chat: Chat, me: str, *, names_all: bool) -> Iterator[Text]:
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
        yield {
            "source": f"whatsapp {source} {same[source]}",
            "is_me": is_me,
            "sent_at": line.at.astimezone(UTC).isoformat(),
            "body": line.text if is_clear else f"{line.name}: {line.text}",
            "place": place,
        }


# ---- lines of JSON --------------------------------------------------------------------------


class _Lines:
    """Takes the lines of an export, conversation by conversation."""

    def __init__(self, caller: Caller, *, chat: str | None, dry_run: bool) -> None:
        self._caller = caller
        self._chat = None if chat is None else caller.call("resolve", text=chat)
        self._dry_run = dry_run
        self._skipped: Counter[str] = Counter()
        self._keys: dict[str, str | None] = {}

    def take(self, lines: IO[str]) -> tuple[int, Counter[str]]:
        """Take all lines; return how many were filed, and what wasn't."""
        added, key = 0, self._chat
        waiting: list[Text] = []
        place, before = 0, None
        while raw := lines.readline(MAX_LINE_BYTES):
            record = _record(raw)
            if record is None:
                self._skipped[UNREADABLE] += bool(raw.strip())
                continue
            if record["type"] == "export_conversation":
                added += self._filed(key, waiting)
                waiting, key = [], self._chat or self._key_of(record)
            elif record["type"] == "message":
                if key is None and (key := self._key_of(_named(record))) is None:
                    self._skipped[_unknown(record)] += 1
                    continue
                text = self._text(record)
                if text is None:
                    continue
                place = place + 1 if text["sent_at"] == before else 0
                before = text["sent_at"]
                waiting.append({**text, "place": place})
                if len(waiting) >= AT_ONCE:
                    added += self._filed(key, waiting)
                    waiting = []
        return added + self._filed(key, waiting), self._skipped

    def _filed(self, key: str | None, texts: list[Text]) -> int:
        if key is None or not texts:
            return 0
        return _file(self._caller, key, iter(texts), self._skipped, dry_run=self._dry_run)

    def _key_of(self, record: dict[str, Any]) -> str | None:
        """Find the conversation that a line names, here."""
        address = str(record.get("address", ""))
        if address not in self._keys:
            try:
                self._keys[address] = str(self._caller.call("resolve", text=address))
            except UserError:
                self._keys[address] = None
        return self._keys[address]

    def _text(self, record: dict[str, Any]) -> Text | None:
        kind, sender = record.get("kind"), record.get("from")
        if kind == "deleted":
            self._skipped[DELETED] += 1
        elif kind not in {"text", "location", "contact"}:
            self._skipped[NOT_SAID] += 1
        elif not isinstance(sender, dict) or not all(
            isinstance(record.get(name), str) for name in ("id", "sent_at", "body")
        ):
            self._skipped[UNREADABLE] += 1
        else:
            return {
                "source": record["id"],
                "is_me": sender.get("is_me") is True,
                "sent_at": record["sent_at"],
                "body": record["body"],
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


def _unknown(record: dict[str, Any]) -> str:
    name = str(_named(record).get("address") or "somebody")[:80]
    return f"of {name}, who is no contact here"


# ---- both -----------------------------------------------------------------------------------


def _file(
    caller: Caller, key: str, texts: Iterator[Text], skipped: Counter[str], *, dry_run: bool
) -> int:
    added = 0
    while batch := _batch(texts):
        result = caller.call("import_texts", conversation=key, texts=batch, dry_run=dry_run)
        added += result["added"]
        for reason, name in ((KNOWN, "known"), (REFUSED, "refused")):
            if result[name]:
                skipped[reason] += result[name]
    return added


def _batch(texts: Iterator[Text]) -> list[Text]:
    """Take as many as fit one request; a text alone always does, or is refused for its length."""
    batch: list[Text] = []
    size = 0
    for text in islice(texts, AT_ONCE):
        batch.append({**text, "body": text["body"][: MAX_BATCH_BYTES // 4]})
        size += len(text["body"])
        if size * 6 >= MAX_BATCH_BYTES:
            break
    return batch
