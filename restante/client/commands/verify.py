"""`restante verify`: whether it is really them.

Rule: a number is shown for the key that the user decides about; while that is undecided the command
ends with 4. Spec: docs/cli.md, section "verify".
"""

from __future__ import annotations

from restante.client.commands.contact import draw
from restante.client.commands.output import Output
from restante.client.commands.records import contact_record, contact_text
from restante.client.oneshot import Caller
from restante.errors import ExitCode


def show(out: Output, caller: Caller, conversation: str, *, qr: bool) -> ExitCode:
    """Print the safety number, with `qr` as a picture too."""
    key = caller.call("resolve", text=conversation)
    number = caller.call("safety_number", conversation=key, printed=True)
    out.data({"type": "safety_number", "conversation": key, **number}, number["digits"])
    if qr:
        draw(out, number["payload"])
    if number["trust"] == "changed":
        return out.failed(
            ExitCode.UNTRUSTED,
            f"The security key of {number['peer']} changed. This happens with a new phone, or if "
            "someone is intercepting. The number is of the new key: compare it with them. If both "
            f"are the same: restante verify {conversation} --confirm",
        )
    if number["trust"] == "unverified":
        out.note(
            f"Compare this number with {number['peer']}, in person or on the phone. If both are "
            f"the same: restante verify {conversation} --confirm"
        )
    return ExitCode.OK


def confirm(out: Output, caller: Caller, conversation: str, digits: str | None) -> ExitCode:
    """Record that both have the number, the one that was printed last, if it is still theirs."""
    key = caller.call("resolve", text=conversation)
    contact = caller.call("set_verified", conversation=key, verified=True, digits=digits)
    return _print(out, contact)


def undo(out: Output, caller: Caller, conversation: str) -> ExitCode:
    """Take a verification back."""
    key = caller.call("resolve", text=conversation)
    return _print(out, caller.call("set_verified", conversation=key, verified=False))


def compare(out: Output, caller: Caller, conversation: str, digits: str) -> ExitCode:
    """Compare with the digits that the other side's QR code holds; the same verify them."""
    key = caller.call("resolve", text=conversation)
    contact = caller.call("compare_safety_number", conversation=key, digits=digits)
    return _print(out, contact)


def _print(out: Output, contact: dict[str, object]) -> ExitCode:
    out.data(contact_record(contact), contact_text(contact))
    return ExitCode.OK
