"""`restante account`: leaving, and moving to another relay.

Rule: what can't be undone is done only to who names the account. Spec: docs/cli.md, section
"account".
"""

from __future__ import annotations

from restante.client.commands.output import Output
from restante.client.lock import ProfileLock
from restante.client.oneshot import Caller
from restante.client.profile import Profile
from restante.errors import ExitCode


def delete(out: Output, profile: Profile, caller: Caller, *, address: str) -> ExitCode:
    """Delete the account at its relay, tell contacts, and erase the profile."""
    with caller:
        gone = caller.call("account_delete", address=address)
    lock = ProfileLock.try_acquire(profile)  # else another process has it open: it is empty
    if lock is not None:
        with lock:
            profile.erase()
    out.data({"type": "account_deleted", **gone}, gone["address"])
    untold = ""
    if gone["untold"]:
        untold = f" {gone['untold']} couldn't be told, and find out when they write."
    out.note(
        f"Deleted: the account at its relay, and this profile. {gone['told']} contacts were "
        f"told.{untold} The name is given to nobody again."
    )
    return ExitCode.OK
