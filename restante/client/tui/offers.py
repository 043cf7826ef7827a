"""Which actions do something now, with what is open and what the cursor is on. Pure.

Rule: what is not offered here has no key, no hint and no line in the palette. Spec: docs/tui.md,
section 5.
"""

from __future__ import annotations

from restante.client.interface import ContactState, Conversation, Trust
from restante.client.tui.members import decides

_TALKS = frozenset({ContactState.ACCEPTED, ContactState.PENDING})


def chat_offers(
    subject: Conversation | None,
    opened: Conversation | None,
    *,
    space: Conversation | None,
    may_write: bool,
    has_waiting: bool,
) -> dict[str, bool]:
    """Return it for what is done with conversations: `subject` is what keys act on.

    `space`: the one that it is, or is a channel of. `may_write`: the box of the open one is open,
    too.
    """
    is_open, is_any = opened is not None, subject is not None
    is_asking = subject is not None and subject.contact is ContactState.REQUEST
    has_changed = subject is not None and subject.trust is Trust.CHANGED
    is_blocked = subject is not None and subject.contact is ContactState.BLOCKED
    talks = subject is not None and subject.contact is ContactState.ACCEPTED
    group = None if subject is None else subject.group
    is_group, has_left = group is not None, group is not None and group.role is None
    has_left = has_left and not is_asking
    writes = is_open and may_write
    return {
        "accept": is_asking or has_changed or is_blocked,
        "block": is_any and not is_blocked and not has_left,
        "why": has_changed,
        "verify": is_any and not is_group,
        "rename": subject is not None and (not is_group or decides(subject)),
        "timer": talks and (not is_group or decides(subject)),
        "members": is_group and not is_asking,
        "add_members": decides(subject),
        "describe": decides(subject),
        "picture": decides(subject),
        "posting": decides(subject),
        "calling": decides(subject),
        "invite": decides(subject),
        "invites": decides(subject),
        "asking": decides(subject),
        "new_channel": decides(space),
        "channels": space is not None,
        "leave_group": is_group and not has_left,
        "begin_anew": talks and not is_group,
        "mute": is_any,
        "alerts": is_any,
        "archive": is_any,
        "pin_chat": is_any,
        "mark_unread": subject is not None and subject.contact in _TALKS,
        "pinned": is_open,
        "send_contact": writes,
        "send_file": writes,
        "send_place": writes,
        "paste_picture": writes,
        "record_voice": writes,
        "fetching": is_any,
        "send_poll": writes,
        "media": is_open,
        "editor": writes,
        "send_later": writes,
        "back": is_open,
        "go_to_date": is_open,
        "scheduled": has_waiting,
    }
