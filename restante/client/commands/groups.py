"""`restante group`: who is in a group, what they may do, and how it is kept.

Rule: prints groups as the engine says they are. Spec: docs/cli.md, section "group".
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from restante.client.commands.output import Output
from restante.client.commands.records import local_time
from restante.client.oneshot import Caller
from restante.errors import ExitCode, UserError

_TELL_TIMEOUT_S = 20.0
_PEOPLE = ("members", "member")


def new(out: Output, caller: Caller, name: str, contacts: Sequence[str]) -> ExitCode:
    """Begin a group."""
    members = [caller.call("resolve", text=each) for each in contacts]
    return _told(out, caller, caller.call("group_new", name=name, members=members))


def ls(out: Output, caller: Caller) -> ExitCode:
    """Print all groups, a line each."""
    for each in caller.call("conversations"):
        if each["group"] is not None:
            _print_line(out, each)
    return ExitCode.OK


def show(out: Output, caller: Caller, conversation: str) -> ExitCode:
    """Print a group with its members, and who changed what."""
    key = caller.call("resolve", text=conversation)
    return _print(out, caller.call("group", conversation=key), has_changes=True)


def change(out: Output, caller: Caller, method: str, conversation: str, **more: Any) -> ExitCode:
    """Change a group, and have its members hear of it."""
    key = caller.call("resolve", text=conversation)
    known = {} if method == "group_add" else _members(caller, key)
    for field in _PEOPLE:
        if field in more:
            named = more[field]
            more[field] = (
                [_person(caller, known, each) for each in named]
                if isinstance(named, list)
                else _person(caller, known, named)
            )
    return _told(out, caller, caller.call(method, conversation=key, **more))


def picture_of(file: str | None, *, is_none: bool) -> str:
    """Return which picture a group is to have; empty: none. UserError: both or neither is said."""
    if (file is None) != is_none:
        raise UserError("Name a picture's file, or say --none.")
    return "" if file is None else str(Path(file).absolute())


def _members(caller: Caller, key: str) -> dict[str, str]:
    """Return whom names and addresses mean in a group, also of people who are no contacts."""
    found: dict[str, str] = {}
    group = caller.call("group", conversation=key)
    for each in [*group["asking"], *group["members"]]:
        for name in (each["address"], each["name"], each["key"]):
            found[name.casefold()] = each["key"]
    return found


def _person(caller: Caller, known: dict[str, str], text: str) -> str:
    key = known.get(text.strip().casefold())
    if key is None:
        key = caller.call("resolve", text=text)
    if key is None:
        raise UserError(f"{text[:80]!r} is nobody here.")
    return key


def _told(out: Output, caller: Caller, group: dict[str, Any]) -> ExitCode:
    _print(out, group)
    tell(out, caller)
    return ExitCode.OK


def tell(out: Output, caller: Caller) -> None:
    """Have the members hear of what was changed, or say that they will."""
    if not caller.call("synchronise", timeout_s=_TELL_TIMEOUT_S):
        out.note("Kept; the others hear of it when the relays can be reached and Restante runs.")


def group_record(group: dict[str, Any]) -> dict[str, Any]:
    """Return a group as an object of `--json`."""
    shown = group["conversation"]
    return {
        **_line_record(shown),
        "may_post": group["may_post"],
        "may_mention_all": group["may_mention_all"],
        "timer_s": shown["timer_s"],
        "picture": group["picture"],
        "members": [
            {
                "key": each["key"],
                "name": each["name"],
                "address": each["address"],
                "role": each["role"],
                "is_me": each["is_me"],
                "trust": each["trust"],
            }
            for each in group["members"]
        ],
        "asking": group["asking"],
        "changes": group["changes"],
    }


def _line_record(shown: dict[str, Any]) -> dict[str, Any]:
    line = shown["group"]
    return {
        "type": "group",
        "key": shown["key"],
        "name": shown["title"],
        "description": line["description"],
        "member_count": line["member_count"],
        "role": line["role"],
        "state": "request" if shown["contact"] == "request" else "in" if line["role"] else "left",
        "unread_count": shown["unread_count"],
    }


def _print(out: Output, group: dict[str, Any], *, has_changes: bool = False) -> ExitCode:
    shown = group["conversation"]
    lines = [_line(shown)]
    if shown["group"]["description"]:
        lines.append(f"  {shown['group']['description']}")
    if group["picture"] is not None:
        lines.append("  has a picture")
    if group["may_post"] != "member":
        lines.append(f"  who may write: {group['may_post']}")
    for each in group["members"]:
        me = " (you)" if each["is_me"] else ""
        name = "" if each["name"] == each["address"] else f"  {each['address']}"
        lines.append(f"  {each['role']:<7} {each['name']}{name}{me}")
    lines += [f"  asks    {each['name']}" for each in group["asking"]]
    if has_changes:
        lines += [f"  {local_time(each['at'])}  {each['text']}" for each in group["changes"]]
    out.data(group_record(group), "\n".join(lines))
    return ExitCode.OK


def _print_line(out: Output, shown: dict[str, Any]) -> None:
    out.data(_line_record(shown), _line(shown))


def _line(shown: dict[str, Any]) -> str:
    record = _line_record(shown)
    count = record["member_count"]
    members = f"{count} member{'s' * (count != 1)}"
    role = record["role"] or ("asks you to accept" if record["state"] == "request" else "left")
    return f"{record['name']}  {members}  {role}  {record['key'][:16]}"
