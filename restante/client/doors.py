"""Parts of the engine that only answer: each is imported and made when somebody asks for it first.

A command that sends one line starts an engine, and waits for all that it imports. Rule: what is
here runs nothing while nobody asks, and nothing else holds it. Spec: docs/adr/0011.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import trio

    from restante.client.announcer import Announcer
    from restante.client.archives.filing import Archives
    from restante.client.backing_up.desk import BackupDesk
    from restante.client.backing_up.scheduling import Scheduling
    from restante.client.bundling.reading import BundleTaker
    from restante.client.bundling.writing import BundleWriter
    from restante.client.consuming.consumers import Consumers
    from restante.client.context import EngineContext
    from restante.client.directory import Directory
    from restante.client.finding.finder import Finder
    from restante.client.groups.groups import Groups
    from restante.client.groups.inviting import Inviting
    from restante.client.groups.joining import Joining
    from restante.client.groups.spaces import Spaces
    from restante.client.lifecycle.recovery_kit import RecoveryDesk
    from restante.client.lifecycle.verification import Verification
    from restante.client.linking.desk import Desk
    from restante.client.own_account import OwnAccount
    from restante.client.receipts import Receipts
    from restante.client.services import Services
    from restante.client.status import StatusBoard


class EngineDoors:
    """Those of an engine, with or without an account."""

    def __init__(
        self,
        context: EngineContext,
        nursery: trio.Nursery,
        services: Services,
        board: StatusBoard,
    ) -> None:
        self._context = context
        self._nursery = nursery
        self._services = services
        self._board = board

    @cached_property
    def recovery(self) -> RecoveryDesk:
        """The recovery kit."""
        from restante.client.lifecycle.recovery_kit import RecoveryDesk

        return RecoveryDesk(self._context)

    @cached_property
    def devices(self) -> Desk:
        """The account's list of devices, and linkings."""
        from restante.client.linking.desk import Desk

        return Desk(self._context, self._nursery, self._services)

    @cached_property
    def backups(self) -> BackupDesk:
        """Backups, made and checked."""
        from restante.client.backing_up.desk import BackupDesk

        return BackupDesk(self._context, self._services)

    @cached_property
    def scheduling(self) -> Scheduling:
        """Backups that are made by themselves."""
        from restante.client.backing_up.scheduling import Scheduling

        return Scheduling(self._context, self.backups, self._board)


class AccountDoors:
    """Those of an account, as its set of services knows it."""

    def __init__(
        self,
        context: EngineContext,
        own: OwnAccount,
        *,
        directory: Directory,
        announcer: Announcer,
        receipts: Receipts,
        groups: Groups,
    ) -> None:
        self._context = context
        self._own = own
        self._directory = directory
        self._announcer = announcer
        self._receipts = receipts
        self._groups = groups

    @cached_property
    def consumers(self) -> Consumers:
        """What arrived, for programs."""
        from restante.client.consuming.consumers import Consumers

        return Consumers(self._context, self._own)

    @cached_property
    def finder(self) -> Finder:
        """Messages by their words."""
        from restante.client.finding.finder import Finder

        return Finder(self._context, self._own)

    @cached_property
    def verification(self) -> Verification:
        """Safety numbers and changed keys."""
        from restante.client.lifecycle.verification import Verification

        return Verification(
            self._context, self._own, directory=self._directory, announcer=self._announcer
        )

    @cached_property
    def inviting(self) -> Inviting:
        """Invite links, and who asks to be let in."""
        from restante.client.groups.inviting import Inviting

        return Inviting(self._context, self._own, self._groups)

    @cached_property
    def joining(self) -> Joining:
        """Links that are followed."""
        from restante.client.groups.joining import Joining

        return Joining(
            self._context, self._own, directory=self._directory, announcer=self._announcer
        )

    @cached_property
    def spaces(self) -> Spaces:
        """Spaces and their channels."""
        from restante.client.groups.spaces import Spaces

        return Spaces(self._context, self._own, self._groups)

    @cached_property
    def archives(self) -> Archives:
        """Texts from files."""
        from restante.client.archives.filing import Archives

        return Archives(self._context, self._own, self._announcer)

    @cached_property
    def bundle_writer(self) -> BundleWriter:
        """What waits, into a file."""
        from restante.client.bundling.writing import BundleWriter

        return BundleWriter(
            self._context, self._own, receipts=self._receipts, announcer=self._announcer
        )

    @cached_property
    def bundle_taker(self) -> BundleTaker:
        """Out of a file, as from a relay."""
        from restante.client.bundling.reading import BundleTaker
        from restante.client.inbox import Inbox

        inbox = Inbox(self._context, self._own, self._announcer)
        return BundleTaker(self._context, self._own, inbox)
