"""A history as a page that people read: Markdown, or HTML that stands alone.

Rule: what people wrote is text and nothing else: every character that could mean something is
escaped, there is no script, no link and nothing that is fetched. Made piece by piece, so that a
history of any length is a stream. Pure. Spec: docs/cli.md, section "export".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from typing import Any, Final, Protocol

_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]()#+\-.!|~<>&$=:^@])")

_STYLE: Final = """
:root { color-scheme: light dark; --line: #8884; --dim: #888; --mine: #3b82f622; }
body { font: 16px/1.45 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; }
body { padding: 0 1rem; }
h1 { font-size: 1.4rem; }
h2 { font-size: 1.2rem; margin-top: 3rem; }
h3 { font-size: .85rem; color: var(--dim); text-align: center; }
article { margin: .6rem 0; padding: .4rem .7rem; border-radius: .5rem; }
article { border: 1px solid var(--line); }
article.mine { background: var(--mine); margin-left: 3rem; }
article.note { border: 0; color: var(--dim); text-align: center; }
header, footer { font-size: .8rem; color: var(--dim); }
p, blockquote { margin: .2rem 0; white-space: pre-wrap; overflow-wrap: anywhere; }
blockquote { padding-left: .6rem; border-left: 3px solid var(--line); }
"""
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"

_SPOKEN: Final = frozenset({"text", "location", "contact", "poll"})


class Page(Protocol):
    """A page, in the order in which its pieces are written."""

    def begin(self, address: str, made_at: str) -> Iterator[str]: ...
    def conversation(self, title: str, address: str) -> Iterator[str]: ...
    def message(self, message: dict[str, Any]) -> Iterator[str]: ...
    def end(self, told: str) -> Iterator[str]: ...


class Markdown:
    """CommonMark: a heading for each conversation and day."""

    def __init__(self) -> None:
        self._day = ""

    def begin(self, address: str, made_at: str) -> Iterator[str]:
        """Yield the page's head."""
        yield f"# History of {marked_down(address)}\n\n"
        yield f"Exported {marked_down(_moment(made_at))} UTC.\n\n"

    def conversation(self, title: str, address: str) -> Iterator[str]:
        """Yield a conversation's head."""
        self._day = ""
        yield f"## {marked_down(title)}\n\n"
        if address:  # a group has none
            yield f"{marked_down(address)}\n\n"

    def message(self, message: dict[str, Any]) -> Iterator[str]:
        """Yield a message."""
        day, time = _moment(message["sent_at"]).split(" ")
        if day != self._day:
            self._day = day
            yield f"### {marked_down(day)}\n\n"
        notes = "".join(f" ({marked_down(note)})" for note in _notes(message))
        yield f"**{marked_down(_name(message))}** {marked_down(time)}{notes}  \n"
        if excerpt := _excerpt(message):
            yield _lines(excerpt, before="> ") + "\n\n"
        yield _lines(_body(message)) + "\n\n"

    def end(self, told: str) -> Iterator[str]:
        """Yield the page's foot."""
        yield f"---\n\n{marked_down(told)}\n"


class Html:
    """HTML 5 in one file."""

    def __init__(self) -> None:
        self._day = ""

    def begin(self, address: str, made_at: str) -> Iterator[str]:
        """Yield the page's head."""
        title = escape(f"History of {address}")
        yield (
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            f'<meta http-equiv="Content-Security-Policy" content="{escape(_POLICY)}">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            '<meta name="referrer" content="no-referrer">\n'
            f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n"
            f"<p>Exported {escape(_moment(made_at))} UTC.</p>\n"
        )

    def conversation(self, title: str, address: str) -> Iterator[str]:
        """Yield a conversation's head."""
        self._day = ""
        yield f'<h2 dir="auto">{escape(title)}</h2>\n'
        if address:  # a group has none
            yield f"<p>{escape(address)}</p>\n"

    def message(self, message: dict[str, Any]) -> Iterator[str]:
        """Yield a message."""
        day, time = _moment(message["sent_at"]).split(" ")
        if day != self._day:
            self._day = day
            yield f"<h3>{escape(day)}</h3>\n"
        is_mine, is_said = message["sender"]["is_me"], message["kind"] in _SPOKEN
        kind = ' class="mine"' if is_mine and is_said else "" if is_said else ' class="note"'
        notes = "".join(f" · {escape(note)}" for note in _notes(message))
        yield f"<article{kind}>\n<header>{escape(_name(message))} {escape(time)}{notes}</header>\n"
        if excerpt := _excerpt(message):
            yield f'<blockquote dir="auto">{escape(excerpt)}</blockquote>\n'
        yield f'<p dir="auto">{escape(_body(message))}</p>\n</article>\n'

    def end(self, told: str) -> Iterator[str]:
        """Yield the page's foot."""
        yield f"<footer><p>{escape(told)}</p></footer>\n</body>\n</html>\n"


def marked_down(text: str) -> str:
    """Escape a line for Markdown: it is shown as it is written."""
    return _SPECIAL.sub(r"\\\1", text)


def _lines(text: str, *, before: str = "") -> str:
    """Write lines so that none is joined to the next, nor taken for a heading, list or code."""
    lines = text.rstrip("\n").split("\n")
    return "\\\n".join(f"{before}{_kept(line)}" for line in lines)


def _kept(line: str) -> str:
    """Escape a line, and keep its indentation and its beginning from meaning something."""
    text = line.lstrip(" \t")
    indent = "&nbsp;" * (len(line) - len(text))
    return (indent + marked_down(text)) or "&nbsp;"


def _moment(at: str) -> str:
    return f"{at[:10]} {at[11:16]}"


def _name(message: dict[str, Any]) -> str:
    sender = message["sender"]
    return "me" if sender["is_me"] else sender["name"] or "somebody"


def _body(message: dict[str, Any]) -> str:
    if poll := message.get("poll"):
        options = (f"{each['text']}: {each['count']}" for each in poll["options"])
        return "\n".join([poll["question"], *options])
    if message["kind"] in _SPOKEN:
        return str(message["body"])
    if message["kind"] == "deleted":
        return "(deleted)"
    return f"({message['error'] or message['body']})"


def _excerpt(message: dict[str, Any]) -> str:
    return str(message["quote"]["excerpt"]) if message["quote"] else ""


def _notes(message: dict[str, Any]) -> list[str]:
    notes = ["edited"] if message["edited"] else []
    notes += ["imported"] if message["imported"] else []
    for each in message["reactions"]:
        many = f" {each['count']}" if each["count"] > 1 else ""
        notes.append(f"{each['emoji']}{many}")
    return notes
