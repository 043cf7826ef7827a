"""Polls: the bodies of POLL, VOTE and POLL_CLOSED.

Rule: as in `content`: what is here was written by somebody else's device, and is bounded. Which
votes count is for whoever folds them. Spec: docs/protocol/content.md, sections 2 and 10.
"""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct

from restante.protocol.ids import U63, Bytes16

MAX_QUESTION_CHARS: Final = 300
"""Of a poll: a sentence or two."""

MIN_OPTIONS: Final = 2
MAX_OPTIONS: Final = 12
"""Of a poll: what fits one screen, and is still read before anybody chooses."""

MAX_OPTION_CHARS: Final = 100
"""A line of a wide terminal."""

MAX_VOTES_KEPT: Final = 16
"""Votes of one member in one poll that are kept: whoever changes their mind more often after its
end has none."""


class Poll(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Body of kind POLL. `closes_at_s` is 0 for one that ends when its author says."""

    question: Annotated[str, Meta(min_length=1, max_length=MAX_QUESTION_CHARS)]
    options: Annotated[
        list[Annotated[str, Meta(min_length=1, max_length=MAX_OPTION_CHARS)]],
        Meta(min_length=MIN_OPTIONS, max_length=MAX_OPTIONS),
    ]
    is_multiple: bool
    closes_at_s: U63


class Vote(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Body of kind VOTE: the writer's only choice, options counted from 0; none takes it back."""

    message: Bytes16
    choices: Annotated[
        list[Annotated[int, Meta(ge=0, le=MAX_OPTIONS - 1)]], Meta(max_length=MAX_OPTIONS)
    ]


class PollClosed(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Body of kind POLL_CLOSED: the poll's author lets nobody vote from here on."""

    message: Bytes16
