"""The sentences about polls. Pure.

Rule: as in words.py. Spec: docs/tui.md, section 5.
"""

from __future__ import annotations

from typing import Final

from restante.client.language import _, plural

POLL: Final = _("Poll:")
OVER: Final = _("over")
SEVERAL: Final = _("several can be chosen")
YOU: Final = _("you")

NEW_TITLE: Final = _("Ask in a poll")
NEW_TEXT: Final = _(
    "First the question, then two to twelve answers, each with Enter. An empty line sends it. "
    "Everybody here sees who has chosen what."
)
QUESTION_PLACEHOLDER: Final = _("What do you want to know?")
ANSWER_PLACEHOLDER: Final = _("An answer")
MORE_PLACEHOLDER: Final = _("Another answer, or Enter to ask")
TOO_FEW: Final = _("It takes two answers at least.")
TAKE_BACK_HINT: Final = _("Back")
SEVERAL_HINT: Final = _("Several")
END_HINT: Final = _("End")
ADD_HINT: Final = _("Add, or ask")
ONE_ONLY: Final = _("One answer can be chosen.")
MANY: Final = _("Several answers can be chosen.")
NO_END: Final = _("It ends when you close it.")

VOTE_TEXT: Final = _("Everybody in this chat sees what you choose.")
VOTE_HINT: Final = _("Vote")
MARK_HINT: Final = _("Mark")
VOTE_BACK_HINT: Final = _("No vote")
CLOSE_HINT: Final = _("End the poll")
VOTED: Final = _("Voted. You can change it until the end.")
TAKEN_BACK: Final = _("Your vote is taken back.")
CLOSE_TITLE: Final = _("Close the poll")
CLOSE_TEXT: Final = _("Nobody can vote any more then, and that can't be undone. Close it?")
CLOSED: Final = _("The poll is closed.")
IS_OVER: Final = _("This poll is over.")


def ends_after(duration: str) -> str:
    """In the dialog of a new poll."""
    return _("It ends after {duration}.", duration=duration)


def voted(count: int) -> str:
    """Below a poll."""
    return plural("{count} has voted", "{count} have voted", count)


def until(when: str) -> str:
    """Below a poll."""
    return _("until {when}", when=when)


def and_others(names: str, count: int) -> str:
    """Some who have chosen an answer, and how many more."""
    return plural("{names} and {count} other", "{names} and {count} others", count, names=names)
