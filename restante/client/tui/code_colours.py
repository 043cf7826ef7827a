"""Colours for a line of code: words of the language, literals, comments. Pure.

Rule: line by line, each sign looked at once. A library's grammars know languages far better, and
have hung on made-up input before (CVE-2021-27291, CVE-2022-40896); here the input is anybody's.
Spec: docs/tui.md, section 11.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from restante.client.tui.roles import Role

_HASH: Final = "python py sh bash zsh shell yaml yml toml ruby rb perl r make dockerfile conf ini"
_SLASHES: Final = "c cpp c++ h java js javascript ts typescript rust rs go swift kotlin kt php"
_DASHES: Final = "sql lua haskell hs ada elm"
_COMMENT_OF: Final = {
    name: sign
    for sign, names in (("#", _HASH), ("//", _SLASHES), ("--", _DASHES))
    for name in names.split()
}
_WITHOUT_COMMENTS: Final = frozenset({"json", "css", "html", "xml"})

_OF_PYTHON: Final = """and as assert async await break class continue def del elif else except False
    finally for from global if import in is lambda match None nonlocal not or pass raise return True
    try while with yield"""
_OF_SHELLS: Final = "case do done echo esac exit export fi function local set then until"
_OF_C_AND_KIN: Final = """bool catch const default delete do enum extends extern false final fn func
    function go impl implements int interface let loop mod module mut namespace new nil null package
    private protected pub public self static str struct super switch this throw trait true type
    typedef union unsafe use using var void where"""
_OF_SQL: Final = """SELECT FROM WHERE INSERT INTO VALUES UPDATE SET DELETE CREATE TABLE INDEX JOIN
    ON AND OR NOT NULL ORDER BY GROUP LIMIT PRIMARY KEY"""
_KEYWORDS: Final = frozenset(f"{_OF_PYTHON} {_OF_SHELLS} {_OF_C_AND_KIN} {_OF_SQL}".split())

_TOKEN: Final = re.compile(
    r"""(?P<literal>"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'|\b\d[\w.]*)|(?P<word>[^\W\d]\w*)"""
)


def colour(line: str, language: str) -> Iterator[tuple[str, Role]]:
    """Yield the parts of a line with what they are; without a language that is known, all code."""
    sign = _COMMENT_OF.get(language.casefold())
    if sign is None and language.casefold() not in _WITHOUT_COMMENTS:
        yield line, Role.CODE
        return
    at = plain_from = 0
    while at < len(line):
        if sign and line.startswith(sign, at) and (not at or line[at - 1] in " \t;{}(),"):
            yield line[plain_from:at], Role.CODE
            yield line[at:], Role.COMMENT
            return
        found = _TOKEN.match(line, at)
        if found is None:
            at += 1
            continue
        role = Role.LITERAL if found["literal"] else Role.KEYWORD
        if role is Role.LITERAL or found["word"] in _KEYWORDS:
            yield line[plain_from:at], Role.CODE
            yield found[0], role
            plain_from = found.end()
        at = found.end()
    yield line[plain_from:], Role.CODE
