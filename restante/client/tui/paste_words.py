"""The sentences about what is pasted or dragged onto the box. Pure.

Rule: as in words.py. Spec: docs/tui.md, section 13.
"""

from __future__ import annotations

from typing import Final

FILE_TITLE: Final = "Send this file?"
FOLDER_TITLE: Final = "Send this folder?"
FILES_TITLE: Final = "Send these files?"
TEXT_TITLE: Final = "This is a long text"
AS_FILE: Final = "Send it as a file"
AS_FILES: Final = "Send them, each by itself"
WITH_CAPTION: Final = "Send it, with what is in the box below it"
AS_PATH: Final = "Put the path into the box"
AS_TEXT: Final = "Put it into the box"
FILE_NAME: Final = "pasted.txt"
SENDING_ALL: Final = "They are on their way. Each message follows when all of its file is there."


def named(names: str, size: str) -> str:
    """What the files are called, and how much they hold; an empty size: nobody knows yet."""
    return f"{names}, {size}" if size else names


def long_text(lines: int, size: str) -> str:
    """How long it is."""
    return f"It has {lines} line{'s' * (lines != 1)}, {size}. As a file it takes one line here."
