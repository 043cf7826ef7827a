"""The services that nobody waits for who writes a line: put together, for the engine to run.

Scheduled texts, groups that let people in, moves that contacts made, files, histories: each begins
with a look at the database, so it may begin late. Rule: all of it begins by itself; an engine that
runs for one message only puts it off. Spec: docs/engine.md, section 1.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from restante.client.catching_up import CatchingUp
from restante.client.groups.admitting import Admitting
from restante.client.groups.mirroring import Mirroring
from restante.client.groups.naming_devices import NamingDevices
from restante.client.lifecycle.following import MoveFollower
from restante.client.lifecycle.telling_again import TellingAgain
from restante.client.linking.reassuring import Reassuring
from restante.client.linking.unclaimed import Unclaimed

if TYPE_CHECKING:
    from restante.client.context import EngineContext
    from restante.client.directory import Directory
    from restante.client.services import Parts


def housekeeping_of(
    context: EngineContext, now: Parts, *, directory: Directory
) -> Sequence[Callable[[], Awaitable[None]]]:
    """Return what runs; a revoked device has nothing to say to anybody."""
    own, announcer, doors = now.own, now.announcer, now.doors
    if not own.is_listed:
        # What disappears does so here too.
        return (doors.grammar.vanishing.run, *doors.files.services_of_revoked)
    catching_up = CatchingUp(
        context, inbox=now.inbox, refreshing=now.refreshing, announcer=announcer
    )
    return (
        doors.later.run,
        catching_up.run,
        Unclaimed(context, own, directory=directory, announcer=announcer).run,
        Admitting(context, own, announcer).run,
        Mirroring(context, own, announcer).run,
        NamingDevices(context, announcer).run,
        MoveFollower(context, directory=directory, announcer=announcer).run,
        doors.old_mailbox.run,
        TellingAgain(context, announcer).run,
        Reassuring(context, own, announcer).run,
        *doors.grammar.services,
        *doors.transfers.services,
        *doors.files.services,
    )
