"""The sentences about what is pasted or dragged onto the box. Pure.

Rule: as in words.py. Spec: docs/tui.md, section 13.
"""

from __future__ import annotations

from typing import Final

from restante.client.language import _, plural

FILE_TITLE: Final = _("Send this file?")
FOLDER_TITLE: Final = _("Send this folder?")
FILES_TITLE: Final = _("Send these files?")
TEXT_TITLE: Final = _("This is a long text")
AS_FILE: Final = _("Send it as a file")
AS_FILES: Final = _("Send them, each by itself")
WITH_CAPTION: Final = _("Send it, with what is in the box below it")
AS_PATH: Final = _("Put the path into the box")
AS_TEXT: Final = _("Put it into the box")
FILE_NAME: Final = "pasted.txt"
SENDING_ALL: Final = _("They are on their way. Each message follows when all of its file is there.")

PICTURE_TITLE: Final = _("Send this picture?")
PICTURE_NAME: Final = "pasted"
SEND_PICTURE: Final = _("Send it")
NO_PICTURE: Final = _(
    "There is no picture in the clipboard. Texts come by your terminal's own paste."
)
NO_DESKTOP: Final = _(
    "This terminal has no desktop whose clipboard could be read, as over ssh. Save the picture, "
    "then send it as a file (^p)."
)
NO_ANSWER: Final = _("The clipboard doesn't answer. Copy the picture once more, then try again.")
TOO_LARGE: Final = _(
    "The picture in the clipboard is larger than 64 MiB. Save it, then send it as a file (^p)."
)


def lacks(program: str) -> str:
    """What reads the clipboard isn't installed."""
    return _(
        "Pictures come out of the clipboard by {program}, which isn't installed. Install it, or "
        "save the picture and send it as a file (^p).",
        program=program,
    )


def named(names: str, size: str) -> str:
    """What the files are called, and how much they hold; an empty size: nobody knows yet."""
    return f"{names}, {size}" if size else names


def long_text(lines: int, size: str) -> str:
    """How long it is."""
    return plural(
        "It has {count} line, {size}. As a file it takes one line here.",
        "It has {count} lines, {size}. As a file it takes one line here.",
        lines,
        size=size,
    )


def picture(kind: str, size: str) -> str:
    """What is in the clipboard."""
    return _(
        "{kind}, {size}, from the clipboard. It goes without where it was taken.",
        kind=kind,
        size=size,
    )
