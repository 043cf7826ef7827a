"""Parts of the engine that a message needs none of: imported and made when somebody asks first.

A command that sends one line starts an engine, and waits for all that it imports. Rule: what is
here has one owner, this; what also runs is started by client/housekeeping. Spec: docs/adr/0011.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import trio

if TYPE_CHECKING:
    from restante.client.announcer import Announcer
    from restante.client.archives.filing import Archives
    from restante.client.backing_up.desk import BackupDesk
    from restante.client.backing_up.scheduling import Scheduling
    from restante.client.bundling.reading import BundleTaker
    from restante.client.bundling.writing import BundleWriter
    from restante.client.consuming.consumers import Consumers
    from restante.client.contacts import Contacts
    from restante.client.context import EngineContext
    from restante.client.conversations import Conversations
    from restante.client.directory import Directory
    from restante.client.files.parts import Files
    from restante.client.finding.finder import Finder
    from restante.client.grammar.parts import Grammar
    from restante.client.groups.groups import Groups
    from restante.client.groups.inviting import Inviting
    from restante.client.groups.joining import Joining
    from restante.client.groups.spaces import Spaces
    from restante.client.history_transfer.parts import Transfers
    from restante.client.lifecycle.old_mailbox import OldMailbox
    from restante.client.lifecycle.recovery_kit import RecoveryDesk
    from restante.client.lifecycle.verification import Verification
    from restante.client.linking.desk import Desk
    from restante.client.links import AnonymousLinks
    from restante.client.mailbox import Mailbox
    from restante.client.own_account import OwnAccount
    from restante.client.receipts import Receipts
    from restante.client.sending.later import Later
    from restante.client.services import Services
    from restante.client.status import StatusBoard
    from restante.client.syncing.choices import Choices


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
        links: AnonymousLinks,
        announcer: Announcer,
        board: StatusBoard,
        mailbox: Mailbox,
        receipts: Receipts,
        conversations: Conversations,
    ) -> None:
        self._context = context
        self._own = own
        self._directory = directory
        self._links = links
        self._announcer = announcer
        self._board = board
        self._mailbox = mailbox
        self._receipts = receipts
        self._conversations = conversations
        self.are_needed = trio.Event()
        """Set when somebody has asked for what takes a service that runs."""

    # ---- what takes services that run ----------------------------------------------------------

    @cached_property
    def files(self) -> Files:
        """Files, sent and fetched."""
        from restante.client.files.parts import Files

        self.are_needed.set()
        return Files(
            self._context,
            self._own,
            mailbox=self._mailbox,
            links=self._links,
            announcer=self._announcer,
        )

    @cached_property
    def transfers(self) -> Transfers:
        """Histories, given and taken."""
        from restante.client.history_transfer.parts import put_together

        self.are_needed.set()
        return put_together(
            self._context,
            self._own,
            mailbox=self._mailbox,
            links=self._links,
            announcer=self._announcer,
            board=self._board,
        )

    @cached_property
    def grammar(self) -> Grammar:
        """What changes messages, and what they say beside texts."""
        from restante.client.grammar.parts import put_together

        self.are_needed.set()
        return put_together(
            self._context, self._own, self._announcer, contacts=self.contacts, links=self._links
        )

    @cached_property
    def later(self) -> Later:
        """Texts that wait for their time."""
        from restante.client.sending.later import Later

        self.are_needed.set()
        return Later(self._context, self._conversations)

    @cached_property
    def old_mailbox(self) -> OldMailbox:
        """Mailboxes at relays of before."""
        from restante.client.inbox import Inbox
        from restante.client.lifecycle.old_mailbox import OldMailbox

        self.are_needed.set()
        inbox = Inbox(self._context, self._own, self._announcer)
        return OldMailbox(self._context, self._own, inbox=inbox)

    # ---- what only answers ---------------------------------------------------------------------

    @cached_property
    def contacts(self) -> Contacts:
        """People, and what the account's owner decides about them."""
        from restante.client.contacts import Contacts

        return Contacts(
            self._context, self._own, directory=self._directory, announcer=self._announcer
        )

    @cached_property
    def groups(self) -> Groups:
        """Groups, their members and settings."""
        from restante.client.groups.groups import Groups

        return Groups(self._context, self._own, self._announcer)

    @cached_property
    def choices(self) -> Choices:
        """What is chosen on one device and is so on all."""
        from restante.client.syncing.choices import Choices

        return Choices(self._context, self._own, self._announcer)

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

        return Inviting(self._context, self._own, self.groups)

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

        return Spaces(self._context, self._own, self.groups)

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
