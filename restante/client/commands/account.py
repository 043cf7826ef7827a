"""`restante account`: leaving, and moving to another relay or name.

Rule: what can't be undone is done only to who names the account. Spec: docs/cli.md, section
"account".
"""

from __future__ import annotations

from restante.client.commands.init import check_address
from restante.client.commands.output import Output
from restante.client.commands.recovery import read_words
from restante.client.lock import ProfileLock
from restante.client.oneshot import Caller
from restante.client.profile import Profile
from restante.errors import ExitCode

_TELL_TIMEOUT_S = 20.0


def move(
    out: Output, caller: Caller, *, address: str, invite: str | None, may_ask: bool
) -> ExitCode:
    """Take the account to another address; with the words of the kit, once that was confirmed."""
    check_address(address)
    words = None
    if caller.call("status")["recovery"] == "confirmed":
        words = read_words(may_ask=may_ask)
    status = caller.call("account_move", address=address, invite=invite, words=words)
    told = caller.call("synchronise", timeout_s=_TELL_TIMEOUT_S)
    out.data(
        {
            "type": "account",
            "profile": status["profile"],
            "address": status["address"],
            "device": status["device"],
        },
        status["address"],
    )
    out.note(
        "Moved. Contacts follow by themselves, and what they still send to the old address "
        "arrives, for 30 days at least. Your contact code is another one now: restante contact code"
    )
    out.note(
        "The recovery kit's words stay good, but the address printed on it is out of date: write "
        f"{status['address']} there."
    )
    if not told:
        out.note("Not everybody has been told yet; that goes on whenever Restante runs.")
    return ExitCode.OK


def delete(out: Output, profile: Profile, caller: Caller, *, address: str) -> ExitCode:
    """Delete the account at its relay, tell contacts, and erase the profile."""
    with caller:
        gone = caller.call("account_delete", address=address)
    from restante.client.keeping.wiping import erase  # noqa: PLC0415  (once in a profile's life)

    lock = ProfileLock.try_acquire(profile)  # else another process has it open: it is empty
    if lock is not None:
        with lock:
            erase(profile)
    out.data({"type": "account_deleted", **gone}, gone["address"])
    untold = ""
    if gone["untold"]:
        untold = f" {gone['untold']} couldn't be told, and find out when they write."
    out.note(
        "Deleted: the account at its relay, and this profile. Contacts told: "
        f"{gone['told']}.{untold} The name is given to nobody again."
    )
    for left in gone["unerased"]:
        out.note(
            f"The relay of {left}, where the account was before, couldn't be asked to erase it: "
            "ask its operator to."
        )
    return ExitCode.OK
