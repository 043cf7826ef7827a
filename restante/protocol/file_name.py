"""What of a name from outside may name a file here. Pure; knows no file system.

Rule: whatever goes in, what comes out names one file in the directory that it is put into: no way
out of it, nothing hidden, no option to a program, nothing that drives a terminal, and it is no
device on any system. Spec: docs/protocol/content.md, section 9.
"""

from __future__ import annotations

import re
from typing import Final

from restante.protocol.text import REPLACEMENT, printable

MAX_NAME_BYTES: Final = 200
"""In UTF-8: file systems take 255, and a number in brackets may be added."""

NAMELESS: Final = "file"

_MAX_SUFFIX_CHARS: Final = 16
_UNUSABLE: Final = re.compile(r'[<>:"|?*`$&;!\\/' + REPLACEMENT + "]")
_DEVICES: Final = re.compile(
    r"(?:con|prn|aux|nul|clock\$|com[0-9¹²³]|lpt[0-9¹²³])(?:\..*)?", re.IGNORECASE
)


def safe_name(name: str) -> str:
    """Return a name that is safe to write to, as like to `name` as can be; never empty.

    Of a path its last part. Takes any string; one more pass changes nothing.
    """
    last = re.split(r"[/\\]", name)[-1]
    shown = _UNUSABLE.sub("_", printable(last, multiline=False))
    shown = _cut(_trimmed(shown))
    if not shown.strip("_"):
        return NAMELESS
    return f"_{shown}" if _DEVICES.fullmatch(shown) else shown


def numbered(name: str, number: int) -> str:
    """Return another name beside a safe one: `report (2).pdf`."""
    stem, suffix = _split(name)
    return f"{stem} ({number}){suffix}"


def _trimmed(name: str) -> str:
    # A leading dash is an option to whoever names the file to a program, `~` somebody's home.
    name = " ".join(name.split())
    before = ""
    while name != before:
        before, name = name, name.lstrip(".-~ ").rstrip(". ")
    return name


def _cut(name: str) -> str:
    """Shorten a name in its middle: what it ends with says what it is."""
    if len(name.encode()) <= MAX_NAME_BYTES:
        return name
    stem, suffix = _split(name)
    room = MAX_NAME_BYTES - len(suffix.encode())
    return stem.encode()[:room].decode(errors="ignore").rstrip(". ") + suffix


def _split(name: str) -> tuple[str, str]:
    stem, dot, suffix = name.rpartition(".")
    if not stem or len(suffix) > _MAX_SUFFIX_CHARS or " " in suffix:
        return name, ""
    if stem.endswith(".tar"):
        stem, suffix = stem[:-4], f"tar.{suffix}"
    return stem, dot + suffix
