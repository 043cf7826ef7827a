"""`restante device`: a new device linked by a code and six digits, and the list of devices.

Rule: what is asked of a person comes in by a function, so that nothing here knows a terminal; a
linking that its command doesn't see to the end is ended on both sides. Spec: docs/cli.md, section
"device".
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from typing import Any

from restante.client.commands.init import check_address, made
from restante.client.commands.output import Output
from restante.client.commands.progress import follow_history
from restante.client.commands.records import device_record, device_text, link_record
from restante.client.oneshot import Caller
from restante.client.profile import Profile
from restante.errors import ExitCode, UserError

_TELL_TIMEOUT_S = 10.0
_FIRST_TIMEOUT_S = 15.0

LOST = "The linking was lost with the engine that ran it. Begin again."
FIRST_OPEN = (
    "The new device shows its digits now. Give them with: restante device approve CODE --digits "
    "DIGITS"
)
NEEDS_ENGINE = (
    "Without a terminal the digits come with a second command, so an engine has to run meanwhile. "
    "Start one: restante daemon. Then begin again on the new device."
)


def link(
    out: Output,
    profile: Profile,
    open_caller: Callable[[Profile], Caller],
    kept_key: Callable[[], bytes] | None = None,
    *,
    address: str,
    name: str | None,
    draws: bool,
) -> ExitCode:
    """Make the profile a device of the account at an address; `draws` the code as a picture too."""
    check_address(address)
    with made(profile, kept_key), open_caller(profile) as caller:
        caller.subscribe()
        shown = caller.call("link_begin", address=address, name=name)
        try:
            _show_code(out, shown, draws=draws)
            if (failed := _follow(out, caller, shown)) is not None:
                raise UserError(failed)
        except KeyboardInterrupt:
            caller.reconnect()
            caller.call("link_cancel")
            raise
        status = caller.call("status")
        out.data(
            {
                "type": "account",
                "profile": status["profile"],
                "address": status["address"],
                "device": status["device"],
            },
            status["address"],
        )
        out.note("This is one of your devices now. Your history comes; Ctrl-C leaves it to later.")
        caller.call("synchronise", timeout_s=_FIRST_TIMEOUT_S)
        if not _is_reached(caller):
            out.note("Linked; the rest happens when the relay can be reached and Restante runs.")
        elif follow_history(out, caller, direction="in"):
            caller.call("flush", timeout_s=_TELL_TIMEOUT_S)  # the other waits to hear that all came
            if error := caller.call("status")["error"]:
                out.note(error)  # what is lost of it
        else:
            out.note("The rest of your history comes while Restante runs here and on the other.")
    return ExitCode.OK


def approve(
    out: Output,
    caller: Caller,
    code: str,
    *,
    digits: str | None,
    ask: Callable[[str], str] | None,
) -> ExitCode:
    """Let a new device in: follow its code, then take the digits that it shows.

    `ask` gets them from a person; None: nobody can be asked.
    """
    caller.subscribe()
    state = caller.call("link_state")
    is_open = state is not None and state["state"] == "compare" and state["code"] == code.strip()
    try:
        if not is_open:
            state = caller.call("link_open", code=code)
            if digits is not None or ask is None:  # digits from before can only be wrong
                return _opened(out, caller, state)
        if digits is None:
            if ask is None:
                return _opened(out, caller, state)
            digits = ask(state["name"])
        while True:
            try:
                device = caller.call("link_confirm", digits=digits)
                break
            except UserError as error:
                if ask is None or caller.call("link_state")["state"] != "compare":
                    raise
                out.note(str(error))  # that was no guess
                digits = ask(state["name"])
    except (KeyboardInterrupt, EOFError):
        caller.reconnect()
        caller.call("link_cancel")
        raise
    out.data(device_record(device), device_text(device))
    is_told = caller.call("synchronise", timeout_s=_TELL_TIMEOUT_S)
    if caller.is_host and _is_reached(caller):
        # The history doesn't wait for a contact whose relay is down.
        if not follow_history(out, caller, direction="out"):
            out.note("The rest of the history goes to the new device while Restante runs here.")
        is_told = caller.call("synchronise", timeout_s=_TELL_TIMEOUT_S)
    if not is_told:
        out.note("Linked; others hear of it when the relays can be reached and Restante runs.")
    return ExitCode.OK


def ls(out: Output, caller: Caller) -> ExitCode:
    """Print the account's devices."""
    return _print(out, caller.call("devices"))


def rename(out: Output, caller: Caller, device: str, name: str) -> ExitCode:
    """Give a device another name."""
    return _print(out, [caller.call("device_rename", device=device, name=name)])


def revoke(
    out: Output, caller: Caller, device: str, *, ask: Callable[[str], bool] | None
) -> ExitCode:
    """Take a device off the account, once `ask` says yes; print what is left."""
    if ask is not None and not ask(device):
        return out.failed(ExitCode.FIXABLE, "Nothing was revoked.")
    left = caller.call("device_revoke", device=device)
    _print(out, left)
    out.note(
        "Revoked. Your contact code is another one now, so that the old one is of no use to it: "
        "restante contact code"
    )
    if not caller.call("synchronise", timeout_s=_TELL_TIMEOUT_S):
        out.note("Others hear of it when the relay can be reached and Restante runs.")
    return ExitCode.OK


def wake(out: Output, caller: Caller, endpoint: str | None) -> ExitCode:
    """Have the relay wake this device, or do so no more."""
    caller.call("device_wake", endpoint=endpoint)
    if endpoint is None:
        out.note("The relay wakes this device no more.")
    else:
        out.note("The relay asks that address, without content, when something comes.")
    return ExitCode.OK


def _is_reached(caller: Caller) -> bool:
    """Whether the account's own relay is there: what is queued for others may wait for theirs."""
    return bool(caller.call("status")["phase"] == "connected")


def _show_code(out: Output, shown: dict[str, Any], *, draws: bool) -> None:
    if draws and not out.is_json and (sys.stdout.encoding or "").lower() in {"utf-8", "utf8"}:
        from restante.client.qr import qr_lines_for_terminal  # noqa: PLC0415  (only to draw)

        lines = qr_lines_for_terminal(shown["code"], is_ascii=False)
        if fits(lines, shutil.get_terminal_size()):
            for line in lines:
                out.data({}, line)
    out.data(link_record(shown), shown["code"])
    out.note("On your first device, within 10 minutes: restante device approve CODE")


def fits(picture: list[str], size: os.terminal_size) -> bool:
    """Whether a picture can be seen at once with the code, a note and the cursor below it."""
    return len(picture) + 3 <= size.lines and len(picture[0]) <= size.columns


def _follow(out: Output, caller: Caller, shown: dict[str, Any]) -> str | None:
    """Show how a linking goes on until it has ended; return why it failed, if it did."""
    while shown["state"] not in {"linked", "failed"}:
        event = caller.next_event()
        if event is not None and event["type"] == "resync":
            now = caller.call("link_state")
            if now is None:
                # The account is there if it came to that before the engine ended.
                return None if caller.call("status")["address"] else LOST
        elif event is not None and event["type"] == "link_changed":
            now = event["link"]
        else:
            continue
        if now["state"] != shown["state"] and now["state"] != "failed":
            out.data(link_record(now), now["digits"])
            if now["state"] == "compare":
                out.note("Type these digits on the other device.")
        shown = now
    return shown["error"] if shown["state"] == "failed" else None


def _opened(out: Output, caller: Caller, state: dict[str, Any]) -> ExitCode:
    if caller.is_host:
        caller.call("link_cancel")
        return out.failed(ExitCode.FIXABLE, NEEDS_ENGINE)
    out.data(link_record(state), None)
    return out.failed(ExitCode.FIXABLE, FIRST_OPEN)


def _print(out: Output, devices: list[dict[str, Any]]) -> ExitCode:
    for device in devices:
        out.data(device_record(device), device_text(device))
    return ExitCode.OK
