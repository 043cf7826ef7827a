"""What a run of words in a message is; whoever draws gives each a style. Pure.

Spec: docs/tui.md, section 4.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto


class Role(Enum):
    """What a run of words is."""

    BODY = auto()
    SENDER = auto()
    ME = auto()
    FAINT = auto()
    QUOTE = auto()
    DIVIDER = auto()
    NEW = auto()
    TICK = auto()
    ARRIVED = auto()
    PROBLEM = auto()
    NOTICE = auto()
    STRONG = auto()
    EMPHASIS = auto()
    STRUCK = auto()
    CODE = auto()
    KEYWORD = auto()
    LITERAL = auto()
    COMMENT = auto()
    LINK = auto()
    MENTION = auto()
    MENTION_OF_ME = auto()
    CHIP = auto()
    CHOICE = auto()
    """The number of an answer in a poll."""
    THREAD = auto()


@dataclass(frozen=True, slots=True)
class Paint:
    """Colours of a picture's cell, three bytes each: its upper half, its lower if it has one."""

    upper: bytes
    lower: bytes | None


SAID = frozenset(
    {
        *(Role.BODY, Role.STRONG, Role.EMPHASIS, Role.STRUCK, Role.LINK),
        *(Role.MENTION, Role.MENTION_OF_ME),
        *(Role.CODE, Role.KEYWORD, Role.LITERAL, Role.COMMENT),
    }
)
"""The roles of what somebody wrote."""
