"""A text as people mark it up in chats: bold, italic, struck, code, links. Pure.

Rule: signs that mark are left out, all else stays as it was written; where a link really goes is
always shown. Whatever a text holds is read in one pass, in time that grows with its length alone:
it may come from an enemy. Knows no HTML and fetches nothing. Spec: docs/tui.md, section 11.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from restante.client.interface import Message
from restante.client.tui.clean import clean, clean_line
from restante.client.tui.code_colours import colour
from restante.client.tui.links import Link, read_link
from restante.client.tui.roles import Role

FENCE: Final = "```"
CODE_INDENT: Final = "  "

# Each alternative ends at the first sign of its own kind: nothing is looked at twice.
_INLINE: Final = re.compile(
    r"`(?P<code>[^`\n]{1,2000})`"
    r"|\[(?P<label>[^\]\[\n]{1,200})\]\((?P<target>https?://[^\s()]{1,2000})\)"
    r"|(?P<url>https?://[^\s<>\"]{1,2000})"
    r"|\*\*(?P<strong>[^\s*](?:[^*\n]{0,2000}[^\s*])?)\*\*"
    r"|(?<![\w*])\*(?P<emphasis>[^\s*](?:[^*\n]{0,2000}[^\s*])?)\*(?![\w*])"
    r"|(?<!\w)_(?P<underlined>[^\s_](?:[^_\n]{0,2000}[^\s_])?)_(?!\w)"
    r"|~~(?P<struck>[^\s~](?:[^~\n]{0,2000}[^\s~])?)~~"
)
_ENDS_A_SENTENCE: Final = ".,;:!?'*_~"

_ROLES: Final = {
    "code": Role.CODE,
    "strong": Role.STRONG,
    "emphasis": Role.EMPHASIS,
    "underlined": Role.EMPHASIS,
    "struck": Role.STRUCK,
}

Span = tuple[int, int, Role]


@dataclass(slots=True)
class Marked:
    """A text without its marks; `spans` say from where to where it is what, in order."""

    text: str = ""
    spans: list[Span] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)


def read_markup(text: str) -> Marked:
    """Read a text of any number of lines, which was cleaned before."""
    reader = _Reader()
    if not any(sign in text for sign in ("`", "*", "_", "~", "://")):
        return Marked(text=text)  # nearly all
    lines = text.split("\n")
    ends = [number for number, line in enumerate(lines) if line.rstrip() == FENCE]
    at = next_end = 0
    while at < len(lines):
        line = lines[at]
        while next_end < len(ends) and ends[next_end] <= at:
            next_end += 1
        # Whatever is never closed is text: else one sign would swallow all that follows.
        if line.startswith(FENCE) and next_end < len(ends):
            end = ends[next_end]
            reader.code(lines[at + 1 : end], language=line[len(FENCE) :].strip())
            at = end + 1
        else:
            reader.line(line)
            at += 1
    return reader.done()


def in_one_line(text: str) -> str:
    """Return a text without its marks, for where it stands in a line: a preview, a quote."""
    if "\n" not in text:  # it was made one line before, and a block ends with a line
        text = re.sub(r"```\w*", " ", text)
    return clean_line(read_markup(text).text).strip()


def written_in(message: Message) -> str:
    """Return what somebody wrote in a message: a text, or a file's caption."""
    if message.file is not None:
        return message.file.caption
    return message.body if message.kind == "text" else ""


def mark_mentions(marked: Marked, message: Message) -> None:
    """Put into a message's text, or its file's caption, as it was read, who is meant where."""
    said = written_in(message)
    at, text, spans = 0, marked.text, []
    for each in message.mentions:
        name = clean(said[each.start : each.start + each.length])
        begin = text.find(name, at) if name else -1
        if begin >= 0:
            at = begin + len(name)
            spans.append((begin, at, Role.MENTION_OF_ME if each.is_me else Role.MENTION))
    if spans:  # a name inside code or a link is part of that
        taken = [(start, end) for start, end, _ in marked.spans]
        free = [s for s in spans if all(s[1] <= start or end <= s[0] for start, end in taken)]
        marked.spans = sorted([*marked.spans, *free])


def links_of(message: Message) -> list[Link]:
    """Return the links of a text or a caption, each once."""
    if "://" not in (said := written_in(message)):
        return []
    links = read_markup(clean(said)).links
    return list({link.url: link for link in links}.values())


class _Reader:
    def __init__(self) -> None:
        self._parts: list[str] = []
        self._size = 0
        self._spans: list[Span] = []
        self._links: list[Link] = []

    def done(self) -> Marked:
        text = "".join(self._parts)
        return Marked(text=text.removesuffix("\n"), spans=self._spans, links=self._links)

    def _put(self, text: str, role: Role | None = None) -> None:
        if text:
            if role is not None:
                self._spans.append((self._size, self._size + len(text), role))
            self._parts.append(text)
            self._size += len(text)

    def code(self, lines: list[str], *, language: str) -> None:
        for line in lines:
            self._put(CODE_INDENT)
            for part, role in colour(line, language):
                self._put(part, role)
            self._put("\n")

    def line(self, line: str) -> None:
        at = 0
        for found in _INLINE.finditer(line):
            self._put(line[at : found.start()])
            at = found.end()
            kind = found.lastgroup
            if found["target"] is not None:
                self._labelled(found["label"], found["target"])
            elif found["url"] is not None:
                url = _without_end(found["url"])
                self._link(url)
                self._put(found["url"][len(url) :])
            elif kind is not None:
                self._put(found[kind], _ROLES[kind])
        self._put(line[at:] + "\n")

    def _labelled(self, label: str, target: str) -> None:
        if label != target:
            self._put(f"{label} ")
        self._link(target)

    def _link(self, url: str) -> None:
        link = read_link(url)
        self._links.append(link)
        self._put(url, Role.LINK)
        if link.is_disguised:
            says = link.says.replace(" ", "\N{NO-BREAK SPACE}")  # one piece, wherever lines break
            self._put(f" ({says})", Role.PROBLEM)


def _without_end(url: str) -> str:
    """Return an address without the signs that belong to the sentence around it."""
    shorter = url.rstrip(_ENDS_A_SENTENCE)
    while shorter.endswith(")") and shorter.count(")") > shorter.count("("):
        shorter = shorter[:-1].rstrip(_ENDS_A_SENTENCE)
    return shorter
