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
    from msgspec import Struct

    from restante.client.own_account import OwnAccount
    from restante.protocol.group_state import Node
    from restante.store.client_rows import Rows

NO_EFFECT: Final = "This has no effect."
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
    said = [f"{who} {part}." for part in parts]
    return " ".join([*said, NO_EFFECT] if is_void else said)


def _added(rows: Rows, own: OwnAccount, node: Node) -> list[str]:
    adds = [each for each in node.acts if isinstance(each, g.Add)]
    if not adds:
        return []
    by_link = all(each.link is not None for each in adds)
    who = [_name(rows, own, each.account, is_object=True) for each in adds[:_SHOWN_NAMES]]
    if more := len(adds) - len(who):
        return [_added_more(", ".join(who), more, by_link=by_link)]
    *others, last = who
    if names := ", ".join(others):
        return [_added_several(names, last, by_link=by_link)]
    return [f"let in {last}, who came by an invite link" if by_link else f"added {last}"]


def _added_several(names: str, last: str, *, by_link: bool) -> str:
    if by_link:
        return f"let in {names} and {last}, who came by an invite link"
    return f"added {names} and {last}"


def _added_more(names: str, more: int, *, by_link: bool) -> str:
    if by_link:
        return f"let in {names} and {more} more, who came by an invite link"
    return f"added {names} and {more} more"


def _said(  # noqa: PLR0911  # one for each act
    rows: Rows, own: OwnAccount, node: Node, each: Struct | None
) -> str | None:
    match each:
        case g.Found():
            name = printable(each.name, multiline=False)
            return f'began the space "{name}"' if each.is_space else f'began the group "{name}"'
        case g.Remove() if each.account == node.author:
            return "left"
        case g.Remove():
            return f"removed {_name(rows, own, each.account, is_object=True)}"
        case g.SetRole():
            whom = _name(rows, own, each.account, is_object=True)
            return {
                Role.OWNER: f"made {whom} an owner",
                Role.ADMIN: f"made {whom} an admin",
                Role.MEMBER: f"made {whom} a member",
                Role.READER: f"made {whom} a reader, who can't write",
            }[Role(each.role)]
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
            return {
                Role.OWNER: "let only owners call everybody with @all",
                Role.ADMIN: "let only admins and owners call everybody with @all",
                Role.MEMBER: "let everybody but readers call everybody with @all",
                Role.READER: "let everybody call everybody with @all",
            }[least]
    return None


def _name(rows: Rows, own: OwnAccount, account: bytes, *, is_object: bool = False) -> str:
    if account == own.account_id:
        return _YOU.lower() if is_object else _YOU
    row = contact(rows, account)
    return "somebody" if row is None else display_name(row)
