"""What an engine finds when it looks at itself: its database, its relay, its clock.

Rule: changes nothing, and no look can fail without becoming a finding. Spec: docs/cli.md, section
"doctor".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import trio

from restante.client.failures import RelayError
from restante.client.interface import Finding
from restante.client.link import open_link
from restante.client.socket import Route
from restante.errors import StoreError
from restante.store.client_checking import is_sound, size_bytes

if TYPE_CHECKING:
    from restante.client.context import EngineContext
    from restante.protocol.address import RelayAddress

MAX_QUICK_BYTES: Final = 512 * 1024 * 1024
"""A larger database is read through only when that is asked for."""

PATIENCE_S: Final = 20.0
WRONG_CLOCK_S: Final = 120
VERY_WRONG_CLOCK_S: Final = 86_400
"""Past this, order keys of this device no longer pull a conversation's clock along."""


class ExaminingMethods:
    """What `LocalEngine` inherits."""

    _context: EngineContext

    def _relay(self) -> RelayAddress | None:
        """Return the account's relay, once there is an account."""
        raise NotImplementedError

    async def examine(self, *, thorough: bool = False) -> list[Finding]:
        """See interface.Examining."""
        return [
            await _database(self._context, is_thorough=thorough),
            *await _relay(self._context, self._relay()),
        ]


async def _database(context: EngineContext, *, is_thorough: bool) -> Finding:
    try:
        size = await size_bytes(context.database)
        if size > MAX_QUICK_BYTES and not is_thorough:
            return Finding(
                check="database",
                state="skipped",
                found=f"It opens. It is large ({size >> 20} MiB), and wasn't read through.",
                fix="To read it through: restante doctor --thorough",
            )
        sound = await is_sound(context.database)
    except StoreError:
        sound = False
    if sound:
        return Finding(check="database", state="ok", found=f"{max(size >> 10, 1)} KiB, all sound.")
    return Finding(
        check="database",
        state="bad",
        found="It is damaged.",
        fix="Copy the profile's directory away, then restore your newest backup: "
        "restante backup restore FILE",
    )


async def _relay(context: EngineContext, relay: RelayAddress | None) -> list[Finding]:
    if relay is None:
        sentence = "The profile has no account yet."
        return [Finding(check="relay", state="skipped", found=sentence, fix="Run: restante init")]
    name = "examine-" + context.randomness.random(8).hex()
    try:
        with trio.fail_after(PATIENCE_S):
            async with trio.open_nursery() as nursery:
                route = Route(proxy=context.proxy, isolation=name)
                link = await open_link(nursery, relay, route=route)
                relay_s, has_tls = link.welcome.now_s, link.peer_pin is not None
                await link.close()
                nursery.cancel_scope.cancel()
    except (RelayError, trio.TooSlowError) as error:
        return [_unreachable(relay, error, has_proxy=context.proxy is not None)]
    except BaseExceptionGroup as group:
        known, rest = group.split((RelayError, trio.TooSlowError))
        if known is None or rest is not None:
            raise
        return [_unreachable(relay, known.exceptions[0], has_proxy=context.proxy is not None)]
    if relay.pin is not None:
        how = "its key is the one that your address pins"
    elif has_tls:
        how = "its certificate holds, no key is pinned"
    else:
        how = "on this machine, without TLS"
    reached = Finding(check="relay", state="ok", found=f"{relay.authority} answers; {how}.")
    return [reached, _clock(context.now_s() - relay_s)]


def _unreachable(relay: RelayAddress, error: BaseException, *, has_proxy: bool) -> Finding:
    said = str(error) or f"{relay.authority} doesn't answer."
    through = " and the proxy in settings.toml" if has_proxy else ""
    return Finding(
        check="relay",
        state="bad",
        found=said,
        fix=f"Check this machine's network{through}; else ask who runs the relay. "
        "What you send waits.",
    )


def _clock(ahead_s: int) -> Finding:
    if abs(ahead_s) <= WRONG_CLOCK_S:
        return Finding(check="clock", state="ok", found="It agrees with the relay's.")
    way = "ahead of" if ahead_s > 0 else "behind"
    return Finding(
        check="clock",
        state="bad" if abs(ahead_s) > VERY_WRONG_CLOCK_S else "warning",
        found=f"It is {_duration(abs(ahead_s))} {way} the relay's.",
        fix="Set this machine's clock, best by NTP: timedatectl set-ntp true. If it is right, tell "
        "who runs the relay.",
    )


def _duration(seconds: int) -> str:
    for unit, length_s in (("days", 86_400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length_s:
            return f"{seconds // length_s} {unit}"
    return f"{seconds} s"
