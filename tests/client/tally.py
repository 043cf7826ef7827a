"""What the people of a crowd have done: what a test knows that all their devices must show."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Said:
    """A message that was sent: between whom, and what it said at first."""

    by: str
    to: str
    text: str
    kind: str = "text"


@dataclass
class Tally:
    """What was done. What several devices did to one thing is kept device by device."""

    said: dict[str, Said] = field(default_factory=dict)
    erased: set[str] = field(default_factory=set)
    hidden: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Account: messages that it has deleted for itself alone."""
    edits: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    last: dict[tuple[str, ...], dict[str, object]] = field(
        default_factory=lambda: defaultdict(dict)
    )
    """What it is, and of what or whom: device: what it made of that last. One of them holds."""

    def chose(self, device: str, value: object, *what: str) -> None:
        """Note what a device made of something of which there can be only one."""
        self.last[what][device] = value

    def held(self, *what: str, unless: object) -> Collection[object]:
        """Return what may hold in the end; `unless` if nobody has chosen."""
        return self.last.get(what, {"": unless}).values()

    def take_back(self, message_id: str) -> None:
        """Forget a message that never left its device."""
        del self.said[message_id]
