"""A message from end to end, between two accounts that are made for it and deleted afterwards.

Rule: nothing of it stays on this machine, and at the relay only the hashes of two names that nobody
wants. Knows no relay. Spec: docs/cli.md, section "relay".
"""

from __future__ import annotations

import os
import tempfile
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from restante.client.oneshot import Caller, EngineThread
from restante.client.own_engine import open_engine_alone
from restante.client.profile import Profile, locate_profile
from restante.errors import ExitCode, UserError

if TYPE_CHECKING:
    from restante.client.lock import ProfileLock

PATIENCE_S = 45.0


def fly(relay: str, invite: str) -> float:
    """Send a message between two new accounts at a relay; return how long that took, in seconds.

    `invite` is for two accounts. Both are deleted whatever happens. Raises UserError.
    """
    began_at = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="restante-canary-") as home, ExitStack() as stack:
        callers, addresses = [], []
        for name in ("one", "two"):
            profile = locate_profile(name, {**os.environ, "RESTANTE_HOME": home})
            profile.create()
            caller = stack.enter_context(Caller(profile, host=_host))
            address = f"canary-{os.urandom(5).hex()}@{relay}"
            status = caller.call("register", address=address, invite=invite)
            stack.callback(_leave, caller, status["address"])
            callers.append(caller)
            addresses.append(address)
        one, two = callers
        key = one.call("contact_add", code_or_address=two.call("contact_code"))["key"]
        two.call("contact_add", code_or_address=one.call("contact_code"))
        one.subscribe()
        sent = one.call("send", conversation=key, text="a canary")
        _wait_for(one, sent["id"], began_at + PATIENCE_S)
        return time.monotonic() - began_at


def _wait_for(caller: Caller, message_id: str, deadline: float) -> None:
    while (state := caller.call("message", message_id=message_id)["state"]) != "delivered":
        left_s = deadline - time.monotonic()
        if state == "failed" or left_s <= 0:
            raise UserError(
                f"it is {state} and not delivered after {PATIENCE_S:.0f} s.",
                exit_code=ExitCode.UNAVAILABLE,
            )
        caller.next_event(timeout_s=left_s)


def _leave(caller: Caller, address: str) -> None:
    caller.call("account_delete", address=address)


def _host(profile: Profile, lock: ProfileLock) -> Any:
    return EngineThread.start(profile, lock, open_engine_alone)
