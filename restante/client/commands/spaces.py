"""`restante space`: the channels of a space, by category.

Rule: prints spaces as the engine says they are. Spec: docs/cli.md, section "space".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from restante.client.commands import groups
from restante.client.commands.output import Output
from restante.client.commands.trying import would
from restante.client.oneshot import Caller
from restante.errors import ExitCode


def new(out: Output, caller: Caller, name: str, contacts: Sequence[str]) -> ExitCode:
    """Begin a space."""
    members = [caller.call("resolve", text=each) for each in contacts]
    made = caller.call("group_new", name=name, members=members, space=True)
    return _told(out, caller, caller.call("space", conversation=made["conversation"]["key"]))


def ls(out: Output, caller: Caller) -> ExitCode:
    """Print all spaces."""
    for each in caller.call("conversations"):
        if each["group"] is not None and each["group"]["is_space"]:
            _print(out, caller.call("space", conversation=each["key"]))
    return ExitCode.OK


def show(out: Output, caller: Caller, space: str) -> ExitCode:
    """Print a space with its channels."""
    return _print(out, caller.call("space", conversation=caller.call("resolve", text=space)))


def add(
    out: Output, caller: Caller, space: str, name: str, *, category: str, posting: str | None
) -> ExitCode:
    """Begin a channel in a space."""
    key = caller.call("resolve", text=space)
    found = caller.call(
        "space_add", conversation=key, name=name, category=category, may_post=posting
    )
    return _told(out, caller, found)


def place(out: Output, caller: Caller, space: str, channel: str, *, category: str) -> ExitCode:
    """Put a channel into a category, or list a group."""
    key, which = (caller.call("resolve", text=each) for each in (space, channel))
    found = caller.call("space_place", conversation=key, channel=which, category=category)
    return _told(out, caller, found)


def remove(out: Output, caller: Caller, space: str, channel: str, *, is_dry: bool) -> ExitCode:
    """Take a channel off a space's list, or say that it would be."""
    key, which = (caller.call("resolve", text=each) for each in (space, channel))
    if is_dry:
        return would(out, f"Would take {channel} off the list of {space}; it would stay a group.")
    return _told(out, caller, caller.call("space_remove", conversation=key, channel=which))


def _told(out: Output, caller: Caller, space: dict[str, Any]) -> ExitCode:
    _print(out, space)
    groups.tell(out, caller)
    return ExitCode.OK


def _print(out: Output, space: dict[str, Any]) -> ExitCode:
    line = space["group"]["conversation"]
    count = line["group"]["member_count"]
    lines = [f"{line['title']}  {count} member{'s' * (count != 1)}  {line['key'][:16]}"]
    category = ""
    for each in space["channels"]:
        if each["category"] != category:
            category = each["category"]
            lines.append(f"  {category}")
        lines.append(f"    # {_channel(each)}")
    out.data(_record(space), "\n".join(lines))
    return ExitCode.OK


def _channel(each: dict[str, Any]) -> str:
    line = each["conversation"]
    if line is None:
        return f"(you are not in it)  {each['key'][:16]}"
    unread = f"  {line['unread_count']} new" if line["unread_count"] else ""
    own = "" if each["is_shared"] else "  with members of its own"
    return f"{line['title']}{unread}{own}  {each['key'][:16]}"


def _record(space: dict[str, Any]) -> dict[str, Any]:
    line = space["group"]["conversation"]
    return {
        "type": "space",
        "key": line["key"],
        "name": line["title"],
        "member_count": line["group"]["member_count"],
        "role": line["group"]["role"],
        "channels": [
            {
                "key": each["key"],
                "name": "" if each["conversation"] is None else each["conversation"]["title"],
                "category": each["category"],
                "is_in": each["conversation"] is not None,
                "is_shared": each["is_shared"],
                "unread_count": (each["conversation"] or {}).get("unread_count", 0),
            }
            for each in space["channels"]
        ],
    }
