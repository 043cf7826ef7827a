"""`restante contact`: whom one talks to.

Rule: prints contacts as the engine says they are. Spec: docs/cli.md, section "contact".
"""

from __future__ import annotations

import sys
from typing import Any

from restante.client.commands.output import Output
from restante.client.commands.records import contact_record, contact_text
from restante.client.oneshot import Caller
from restante.errors import ExitCode

_TELL_TIMEOUT_S = 10.0


def code(out: Output, caller: Caller, *, qr: bool) -> ExitCode:
    """Print one's own contact code, with `qr` as a picture too."""
    text = caller.call("contact_code")
    out.data({"type": "code", "code": text}, text)
    if qr:
        draw(out, text)
    return ExitCode.OK


def draw(out: Output, text: str) -> None:
    """Draw a QR code, where people read."""
    if out.is_json:
        return
    from restante.client.qr import qr_lines_for_terminal  # noqa: PLC0415  (only for --qr)

    is_utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    for line in qr_lines_for_terminal(text, is_ascii=not is_utf8):
        out.data({}, line)


def add(out: Output, caller: Caller, code_or_address: str, *, name: str | None) -> ExitCode:
    """Look a code or an address up and keep the contact."""
    return _print(out, caller.call("contact_add", code_or_address=code_or_address, petname=name))


def add_card(out: Output, caller: Caller, message_id: str, *, name: str | None) -> ExitCode:
    """Keep whom a contact card names, if their account is found at the address."""
    return _print(out, caller.call("add_card", message_id=message_id, petname=name))


def ls(out: Output, caller: Caller) -> ExitCode:
    """Print all contacts."""
    for contact in caller.call("contacts"):
        _print(out, contact)
    return ExitCode.OK


def settle(
    out: Output, caller: Caller, method: str, conversation: str, *, is_told: bool, **more: Any
) -> ExitCode:
    """Accept, block or rename a contact, and print how it stands.

    With `is_told` others have to hear of it (they, or the relay), and this is waited for a while.
    """
    key = caller.call("resolve", text=conversation)
    _print(out, caller.call(method, conversation=key, **more))
    if is_told and not caller.call("synchronise", timeout_s=_TELL_TIMEOUT_S):
        out.note("Kept; the relay hears of it when it can be reached and Restante runs.")
    return ExitCode.OK


def _print(out: Output, contact: dict[str, Any]) -> ExitCode:
    out.data(contact_record(contact), contact_text(contact))
    return ExitCode.OK
