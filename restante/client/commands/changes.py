"""`restante edit`, `delete`, `react`, `pin`, `timer` and `setting`: what is done to what was said.

Rule: kept before it is sent, like a message; what could not be sent in time is said to be kept.
Spec: docs/cli.md.
"""

from __future__ import annotations

import re
from typing import Any

from restante.client.commands.output import Output
from restante.client.commands.records import message_record, message_text
from restante.client.oneshot import Caller
from restante.errors import ExitCode, UserError

_TELL_TIMEOUT_S = 10.0

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_TIME = re.compile(r"([0-9]{1,9})([smhdw])")


def change(out: Output, caller: Caller, method: str, message_id: str, **more: Any) -> ExitCode:
    """Change a message, print it as it is now, and have others hear of it."""
    message = caller.call(method, message_id=message_id, **more)
    out.data(message_record(message), message_text(message))
    return told(out, caller)


def delete(out: Output, caller: Caller, message_id: str, *, for_everyone: bool) -> ExitCode:
    """Delete a message, for everyone or for this account alone."""
    caller.call("delete", message_id=message_id, for_everyone=for_everyone)
    out.data({"type": "deleted", "id": message_id, "for_everyone": for_everyone}, None)
    if for_everyone:
        return told(out, caller)
    caller.call("synchronise", timeout_s=_TELL_TIMEOUT_S)  # one's other devices hear of it
    return ExitCode.OK


def timer(out: Output, caller: Caller, conversation: str, time: str | None) -> ExitCode:
    """Print how long a conversation's messages stay, or change that for everybody."""
    key = caller.call("resolve", text=conversation)
    if time is None:
        found = next(each for each in caller.call("conversations") if each["key"] == key)
        return _print_timer(out, found)
    _print_timer(out, caller.call("set_timer", conversation=key, timer_s=seconds(time)))
    return told(out, caller)


def setting(
    out: Output, caller: Caller, name: str | None, value: str | None, *, chat: str | None = None
) -> ExitCode:
    """Print what the account shows of itself and has fetched, or change one of it."""
    where = {} if chat is None else {"conversation": caller.call("resolve", text=chat)}
    if name is not None and value is not None:
        found = caller.call("set_setting", name=name, value=value, **where)
    else:
        found = caller.call("settings", **where)
    if name is not None and name not in found:
        raise UserError(f"There is no such setting. There are {', '.join(found)}.")
    shown = found if name is None else {name: found[name]}
    out.data({"type": "settings", **found}, "\n".join(f"{n}: {v}" for n, v in shown.items()))
    return ExitCode.OK if value is None else told(out, caller)


def seconds(time: str) -> int:
    """Read a length of time such as 30s, 5m, 8h, 1d or 4w; off is 0. UserError: it is none."""
    if time == "off":
        return 0
    match = _TIME.fullmatch(time)
    if match is None:
        raise UserError(f"{time!r} is no length of time. Write 30s, 5m, 8h, 1d, 4w, or off.")
    return int(match[1]) * _UNITS[match[2]]


def _print_timer(out: Output, conversation: dict[str, Any]) -> ExitCode:
    timer_s = conversation["timer_s"]
    named = next((u for u in reversed(_UNITS) if timer_s and timer_s % _UNITS[u] == 0), "s")
    text = f"{timer_s // _UNITS[named]}{named}" if timer_s else "off"
    out.data({"type": "timer", "conversation": conversation["key"], "timer_s": timer_s}, text)
    return ExitCode.OK


def told(out: Output, caller: Caller) -> ExitCode:
    """Have others, and one's other devices, hear of what was kept; say so if that takes longer."""
    if caller.call("synchronise", timeout_s=_TELL_TIMEOUT_S):
        return ExitCode.OK
    return out.failed(
        ExitCode.QUEUED,
        "Kept, not yet relayed. It goes out when Restante runs next: restante daemon, chat or "
        "tail --once.",
    )
