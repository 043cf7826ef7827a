"""`--dry-run`: what a command that destroys something would do, said instead of done.

Rule: what would fail for a reason that is known here fails now, with the same code; nothing is
changed anywhere. Spec: docs/cli.md.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from restante.client.commands.init import check_address
from restante.client.commands.output import Output
from restante.client.commands.records import local_time
from restante.client.oneshot import Caller
from restante.client.profile import Profile
from restante.errors import ExitCode, UserError

_EXCERPT_CHARS = 40


def would(out: Output, sentence: str) -> ExitCode:
    """Say what would be done."""
    out.data({"type": "dry_run", "would": sentence}, sentence)
    return ExitCode.OK


def delete(out: Output, caller: Caller, message_id: str, *, for_everyone: bool) -> ExitCode:
    """Say which message would be deleted."""
    message = caller.call("message", message_id=message_id)
    sender = message["sender"]
    if for_everyone and not sender["is_me"]:
        raise UserError("Only your own messages can be deleted for everyone.")
    said = " ".join(message["body"].split())[:_EXCERPT_CHARS] or message["kind"]
    who = "your" if sender["is_me"] else f"{sender['name']}'s"
    where = "everybody's devices" if for_everyone else "your devices"
    when = local_time(message["sent_at"])
    return would(out, f"Would delete {who} message of {when} from {where}: {said}")


def revoke(out: Output, caller: Caller, text: str) -> ExitCode:
    """Say which device would be revoked."""
    devices = caller.call("devices")
    wanted = text.strip().casefold()
    found = [each for each in devices if each["name"].casefold() == wanted] or [
        each for each in devices if wanted and each["id"].startswith(wanted)
    ]
    if len(found) != 1:
        what = "fits several devices" if found else "is no device of yours"
        raise UserError(f"{text.strip()[:80]!r} {what}. See: restante device ls")
    if not next(each for each in devices if each["is_this"])["is_first"]:
        raise UserError("Only the account's first device can revoke one.")
    if found[0]["is_first"]:
        raise UserError("That is the account's first device; it can't revoke itself.")
    which = f"{found[0]['name']} ({found[0]['id'][:8]})"
    return would(
        out, f"Would revoke {which} for good, and give you another contact code and other tokens."
    )


def block(out: Output, caller: Caller, conversation: str) -> ExitCode:
    """Say who would be blocked."""
    key = caller.call("resolve", text=conversation)
    row = next((each for each in caller.call("contacts") if each["key"] == key), None)
    if row is None:
        raise UserError("That is nobody who can be blocked.")
    return would(out, f"Would block {row['petname'] or row['address']}: nothing more is shown.")


def leave(out: Output, caller: Caller, conversation: str) -> ExitCode:
    """Say which group would be left."""
    group = caller.call("group", conversation=caller.call("resolve", text=conversation))
    return would(out, f"Would leave {group['conversation']['title']}; its history would stay here.")


def remove(out: Output, caller: Caller, conversation: str, members: Sequence[str]) -> ExitCode:
    """Say who would be taken out of a group."""
    group = caller.call("group", conversation=caller.call("resolve", text=conversation))
    known = {
        name.casefold(): each["name"]
        for each in group["members"]
        for name in (each["address"], each["name"], each["key"])
    }
    missing = [each for each in members if each.strip().casefold() not in known]
    if missing:
        raise UserError(f"{missing[0][:80]!r} is no member of {group['conversation']['title']}.")
    named = ", ".join(known[each.strip().casefold()] for each in members)
    return would(out, f"Would take {named} out of {group['conversation']['title']}, for everybody.")


def confirm(out: Output, caller: Caller) -> ExitCode:
    """Say what confirming the kit would erase."""
    if caller.call("status")["recovery"] == "confirmed":
        raise UserError("The kit is confirmed already, and no more on this machine.")
    return would(
        out,
        "Would ask for three words of the kit, and then erase its words from this machine: from "
        "then on they are on paper alone.",
    )


def recover(
    out: Output, profile: Profile, open_caller: Callable[[Profile], Caller], address: str
) -> ExitCode:
    """Say what bringing an account back would end."""
    check_address(address)
    if profile.exists:
        with open_caller(profile) as caller:
            own = caller.call("status")["address"]
        if own is not None and own != address:
            raise UserError(f"This profile is the one of {own}. Take another: --profile NAME")
    return would(
        out,
        f"Would make this machine the only device of {address}: all its other devices would be no "
        "part of it any more, and its contact code another one. History and contacts don't come "
        "back by it.",
    )


def forget(out: Output, caller: Caller, name: str) -> ExitCode:
    """Say which consumer would be forgotten."""
    found = _one(caller.call("consumers"), "name", name, "There is no such consumer.")
    return would(
        out,
        f"Would forget {found['name']}: under that name all comes again, from the first.",
    )


def dead_drop(out: Output, caller: Caller, consumer: str, cursor: int) -> ExitCode:
    """Say what would be given up."""
    dead = [(each["consumer"], each["received"]["cursor"]) for each in caller.call("dead_letters")]
    if (consumer, cursor) not in dead:
        raise UserError("Nothing of that cursor was put aside for that consumer.")
    return would(out, f"Would give up what {consumer} refused under {cursor}.")


def cancel(out: Output, caller: Caller, message: str) -> ExitCode:
    """Say which text would be taken back."""
    waits = caller.call("scheduled")
    found = _one(waits, "id", message, "Nothing waits under this id: it was sent, or taken back.")
    return would(out, f"Would take back what is to be sent at {local_time(found['at'])}.")


def delete_account(out: Output, caller: Caller, address: str) -> ExitCode:
    """Say which account would be deleted."""
    own = caller.call("status")["address"]
    if own != address:
        raise UserError(f"This account is {own}, not {address[:100]!r}. Nothing would be deleted.")
    return would(
        out,
        f"Would tell your contacts, have the relay erase {own} for good, and erase this profile. "
        "There is no way back.",
    )


def move(out: Output, caller: Caller, address: str) -> ExitCode:
    """Say where the account would go."""
    check_address(address)
    own = caller.call("status")["address"]
    return would(out, f"Would take the account from {own} to {address}; contacts would follow.")


def _one(found: list[dict[str, Any]], field: str, wanted: str, otherwise: str) -> dict[str, Any]:
    for each in found:
        if each[field] == wanted:
            return each
    raise UserError(otherwise)
