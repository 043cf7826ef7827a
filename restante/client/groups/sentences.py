"""Who changed what in a group, as a sentence. The names are the user's own for these people.

Rule: everything a member wrote passes `printable`. Inside the caller's transaction.
Spec: docs/protocol/groups.md, section 6.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from restante.client.grammar.reading import timer_text
from restante.client.views import display_name
from restante.protocol import group as g
from restante.protocol.group import Field, Role
from restante.protocol.text import printable
from restante.store.client_contacts import contact

if TYPE_CHECKING:
    from collections.abc import Sequence

    from msgspec import Struct

    from restante.client.own_account import OwnAccount
    from restante.protocol.group_state import Node
    from restante.store.client_rows import Rows

ROLES: Final = {
    Role.OWNER: "an owner",
    Role.ADMIN: "an admin",
    Role.MEMBER: "a member",
    Role.READER: "a reader, who can't write",
}
_SHOWN_NAMES: Final = 8
_YOU: Final = "You"


def sentence_of(rows: Rows, own: OwnAccount, node: Node, *, is_void: bool) -> str | None:
    """Return what an entry does, in words; None if there is nothing to say of it."""
    who = _name(rows, own, node.author)
    parts = [
        *_added(rows, own, node),
        *filter(None, (_said(rows, own, node, a) for a in node.acts)),
    ]
    if not parts:
        return None
    text = f"{who} {' and '.join(parts)}."
    return f"{text} (It has no effect.)" if is_void else text


def _added(rows: Rows, own: OwnAccount, node: Node) -> list[str]:
    adds = [each for each in node.acts if isinstance(each, g.Add)]
    if not adds:
        return []
    by_link = all(each.link is not None for each in adds)
    names = _names(rows, own, [each.account for each in adds])
    return [f"let in {names}, who came by an invite link" if by_link else f"added {names}"]


def _said(  # noqa: PLR0911  # one for each act
    rows: Rows, own: OwnAccount, node: Node, each: Struct | None
) -> str | None:
    match each:
        case g.Found():
            what = "space" if each.is_space else "group"
            return f'began the {what} "{printable(each.name, multiline=False)}"'
        case g.Remove() if each.account == node.author:
            return "left"
        case g.Remove():
            return f"removed {_name(rows, own, each.account, is_object=True)}"
        case g.SetRole():
            whom = _name(rows, own, each.account, is_object=True)
            return f"made {whom} {ROLES[Role(each.role)]}"
        case g.SetField():
            return _set(each)
        case g.Link():
            return "made an invite link"
        case g.Unlink():
            return "revoked an invite link"
        case g.Channel():
            return "put a channel into the space" if each.is_listed else "took a channel out"
        case g.Picture():
            return "changed the picture" if each.cells else "took the picture away"
    return None


def _set(each: g.SetField) -> str | None:  # noqa: PLR0911  # one for each field
    text = printable(each.text, multiline=False).strip()
    match each.field:
        case Field.NAME:
            return f'called it "{text}"'
        case Field.DESCRIPTION:
            return f'described it: "{text}"' if text else "took the description away"
        case Field.TIMER_S if each.number:
            return f"let messages disappear {timer_text(each.number)} after they were read"
        case Field.TIMER_S:
            return "let messages stay"
        case Field.MAY_POST:
            least = Role(min(max(each.number, Role.READER), Role.OWNER))
            return {
                Role.OWNER: "let only owners write",
                Role.ADMIN: "let only admins write",
                Role.MEMBER: "let members write",
                Role.READER: "let everybody write",
            }[least]
        case Field.MAY_MENTION_ALL:
            least = Role(min(max(each.number, Role.READER), Role.OWNER))
            who = "everybody" if least is Role.READER else f"{least.name.lower()}s and above"
            return f"let {who} call everybody with @all"
    return None


def _names(rows: Rows, own: OwnAccount, accounts: Sequence[bytes]) -> str:
    names = [_name(rows, own, each, is_object=True) for each in accounts[:_SHOWN_NAMES]]
    more = len(accounts) - len(names)
    if more:
        names.append(f"{more} more")
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _name(rows: Rows, own: OwnAccount, account: bytes, *, is_object: bool = False) -> str:
    if account == own.account_id:
        return _YOU.lower() if is_object else _YOU
    row = contact(rows, account)
    return "somebody" if row is None else display_name(row)
