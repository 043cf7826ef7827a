"""A running relay: its services in one nursery, from the first listener to the last commit.

Rule: it stops in order: no new connections, nothing more is read, what was taken is committed and
answered, each connection gets its Close, and only then the database closes.
Spec: docs/relay.md, section 3.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import trio

from restante.errors import UserError, WireCode
from restante.protocol.address import RelayAddress
from restante.relay import log
from restante.relay.blob_places import blob_place
from restante.relay.blobs import Blobs
from restante.relay.certificate import Certificate, own_certificate
from restante.relay.doorkeeper import Doorkeeper
from restante.relay.leaving import Leaving
from restante.relay.lock import sole_relay
from restante.relay.mailrooms import Mailrooms
from restante.relay.neighbours import Listening
from restante.relay.ops.administration import Administration
from restante.relay.ops.draining import send_away
from restante.relay.ops.presence import Presence
from restante.relay.ops.socket import admin_socket, serve
from restante.relay.registration import Registration
from restante.relay.registry import Registry
from restante.relay.services import Gates, Services
from restante.relay.slots import Slots
from restante.relay.socket import Outgoing
from restante.relay.tickets import open_tickets
from restante.relay.tls import open_listeners, open_plain_listeners, port_of
from restante.relay.turns import Turns
from restante.relay.upkeep import Upkeep, Watch
from restante.relay.waking.waker import Waker
from restante.relay.watching.figures import Figures
from restante.relay.watching.listening import Watched
from restante.relay.writer import Writer
from restante.store.errors import Unreachable
from restante.store.relay_accounts import epoch, restored_hour
from restante.store.relay_opening import open_relay_store

if TYPE_CHECKING:
    from restante.relay.settings import Settings
    from restante.store.relay_mailboxes import Removed
    from restante.store.relay_store import RelayStore

ADDRESS_FILE: Final = "address"
"""In the data directory: what invites and people are told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningRelay:
    """A relay that accepts connections."""

    address: RelayAddress
    """How clients reach it; with the pin of its key unless its certificate is a public one."""
    port: int
    """The one it listens on."""
    services: Services
    certificate: Certificate | None
    """What it shows to who speaks TLS."""
    ops_port: int = 0
    """Where who watches is answered; 0: nobody is."""


@asynccontextmanager
async def running_relay(
    settings: Settings, *, clock: Callable[[], float] = time.time
) -> AsyncIterator[RunningRelay]:
    """Run a relay for the length of the block, inside `seam.open_loop`.

    Raises UserError (the place to listen, the certificate or the data directory is no good), or
    StoreError's subclasses for the database; both have a sentence for the operator.
    """
    _make_directory(Path(settings.data))
    # Relays over a server may share a directory: their numbers are the server's.
    sole = nullcontext() if settings.database_url else sole_relay(Path(settings.data))
    with sole:
        async with open_relay_store(
            settings.database,
            url=settings.database_url,
            max_bytes=settings.limits.database_bytes,
            leave_bytes=settings.limits.deposits_leave_bytes,
        ) as store:
            certificate = await trio.to_thread.run_sync(_certificate, settings)
            listeners, port = await open_listeners(
                settings.listen_address.dial_host, settings.listen_port, certificate=certificate
            )
            address = _public_address(settings, port, certificate)
            await trio.to_thread.run_sync(_write_address, Path(settings.data), address)
            async with (
                admin_socket(Path(settings.data)) as desk,
                trio.open_nursery() as helpers,
                trio.open_nursery() as service_nursery,
            ):
                services = await _services(settings, store, clock, helpers)
                office = Administration(
                    store.db,
                    data=Path(settings.data),
                    address=address,
                    clock=clock,
                    services=services,
                )
                for service in (
                    services.turns.run,
                    services.writer.run,
                    store.mailboxes.run,
                    services.waker.run,
                    Watch(services).run,
                    Upkeep(services, Presence(services, erase=office.erase)).run,
                    Listening(services).run,
                ):
                    service_nursery.start_soon(service)
                service_nursery.start_soon(serve, office, desk)
                watching = await _listen_for_watchers(services, service_nursery)
                if certificate is not None:
                    service_nursery.start_soon(certificate.watch)
                doorkeeper = Doorkeeper(
                    services,
                    settings.proxies,
                    proxies_alone=settings.is_proxied_only,
                )
                accepting = await service_nursery.start(doorkeeper.listen, listeners)
                log.note("listening", tls=settings.uses_tls)
                try:
                    yield RunningRelay(
                        address=address,
                        port=port,
                        services=services,
                        certificate=certificate,
                        ops_port=watching,
                    )
                finally:
                    with trio.CancelScope(shield=True):
                        accepting.cancel()
                        if services.drain.asked.is_set():
                            await send_away(services)
                        await _stop(services, doorkeeper)
                    trio.lowlevel.remove_instrument(services.turns)
                    service_nursery.cancel_scope.cancel()
                    helpers.cancel_scope.cancel()
    log.note("stopped")


def _make_directory(data: Path) -> None:
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        why = (error.strerror or "failed").lower()
        raise UserError(
            f"The data directory {data} can't be made: {why}. Choose another --data."
        ) from error


def _certificate(settings: Settings) -> Certificate | None:
    """Load what the relay shows, if it speaks TLS. Raises UserError: people were told another."""
    data = Path(settings.data)
    certificate: Certificate | None = None
    if settings.tls_cert:
        files = (Path(settings.tls_cert), Path(settings.tls_key))
        certificate = Certificate(*files, is_pinned=not settings.certified)
    elif settings.uses_tls:
        certificate = own_certificate(data)
    _check_pin(data, None if certificate is None else certificate.pin)
    if certificate is not None:
        certificate.copy_into(data)
    return certificate


def _check_pin(data: Path, pin: bytes | None) -> None:
    before = _told_address(data)
    if before is None or before.pin in {None, pin}:
        return
    if pin is not None:
        raise UserError(
            f"Addresses and invites carry the pin of another key ({before}): every client would "
            "refuse this one. Bring that key back, from a backup if need be. If it is lost, remove "
            f"{data / ADDRESS_FILE} and give everybody the new address."
        )
    log.warn("address without its pin", reason="who was told it with a pin is refused")


def _told_address(data: Path) -> RelayAddress | None:
    """Return what the last start said, if it can be read."""
    try:
        return RelayAddress.parse((data / ADDRESS_FILE).read_text(encoding="ascii").strip())
    except (OSError, ValueError):
        return None


def _public_address(settings: Settings, port: int, certificate: Certificate | None) -> RelayAddress:
    pin = None if certificate is None else certificate.pin
    if settings.names:
        named = RelayAddress.parse(settings.names[0])
        return RelayAddress(host=named.host, port=named.port, pin=pin)
    return RelayAddress(host=settings.listen_address.host, port=port, pin=pin)


def _write_address(data: Path, address: RelayAddress) -> None:
    try:
        (data / ADDRESS_FILE).write_text(f"{address}\n", encoding="ascii")
    except OSError as error:
        raise UserError(f"The data directory {data} can't be written.") from error


async def _services(
    settings: Settings, store: RelayStore, clock: Callable[[], float], helpers: trio.Nursery
) -> Services:
    db, neighbours = store.db, store.neighbours
    mailrooms = Mailrooms(db, settings.limits, neighbours=neighbours)
    gates, figures = Gates(settings.limits), Figures()
    turns = Turns()
    trio.lowlevel.add_instrument(turns)
    services: Services

    def removed(gone: Sequence[Removed]) -> None:
        mailrooms.release_all(gone)
        if neighbours.are_possible:
            for envelope in gone:
                if envelope.device in services.subscribers:
                    services.subscribers[envelope.device][0].settled(envelope.seq)

    def committed() -> None:
        services.flush_touched()

    def spawn(task: Callable[[], Awaitable[None]]) -> None:
        helpers.start_soon(_guarded, task, figures)

    outgoing = Outgoing(spawn)
    writer = Writer(
        store.mailboxes,
        clock=clock,
        counting=mailrooms.counting,
        on_removed=removed,
        after_commit=committed,
        together=outgoing.together,
        has_company=turns.has_company,
        figures=figures,
    )
    mailrooms.pending = writer.pending
    is_alone = await neighbours.is_alone()
    if is_alone:
        await writer.load()
    blobs = Blobs(db, blob_place(settings), limits=settings.limits, clock=clock)
    if is_alone:
        await _reconcile(blobs)
    await neighbours.settled()
    waker = Waker(
        db,
        settings,
        figures=figures,
        clock=clock,
        is_here=lambda device: device in services.subscribers,
    )
    await waker.load()
    tickets = await open_tickets(db)
    services = Services(
        settings=settings,
        db=db,
        mailboxes=store.mailboxes,
        neighbours=neighbours,
        writer=writer,
        mailrooms=mailrooms,
        registry=Registry(
            db,
            limits=settings.limits,
            clock=clock,
            mailrooms=mailrooms,
            one_time=gates.one_time,
            tickets=tickets,
        ),
        registration=Registration(
            db,
            is_open=settings.open_registration,
            clock=clock,
            mailrooms=mailrooms,
            tickets=tickets,
        ),
        leaving=Leaving(db, mailrooms=mailrooms),
        slots=Slots(db, most=settings.limits.slots, clock=clock),
        blobs=blobs,
        clock=clock,
        spawn=spawn,
        outgoing=outgoing,
        authorities=frozenset(RelayAddress.parse(name).authority for name in settings.names),
        epoch=await db.read(epoch),
        restored_hour=await db.read(restored_hour),
        gates=gates,
        turns=turns,
        figures=figures,
        waker=waker,
    )
    return services


async def _reconcile(blobs: Blobs) -> None:
    try:
        await blobs.reconcile()
    except Unreachable as error:  # messages go on without the store of the blobs
        log.warn("blobs not looked through", reason=str(error))


async def _listen_for_watchers(services: Services, nursery: trio.Nursery) -> int:
    """Answer who watches, if anybody may; return on which port."""
    if not services.settings.ops_listen:
        return 0
    host, _, port = services.settings.ops_listen.rpartition(":")
    listeners = await open_plain_listeners(host.strip("[]"), int(port))
    nursery.start_soon(Watched(services).listen, listeners)
    return port_of(listeners)


async def _guarded(task: Callable[[], Awaitable[None]], figures: Figures) -> None:
    """Run a task whose failure must not stop the relay."""
    try:
        await task()
    except Exception as error:  # the boundary: one connection's fault stays its own
        figures.faults += 1
        log.bug("task failed", error)


async def _stop(services: Services, doorkeeper: Doorkeeper) -> None:
    """Finish what was taken, and send everybody away."""
    services.is_stopping = True
    with trio.move_on_after(services.limits.going_away_s):
        await services.writer.barrier()
        for session in list(services.sessions):
            session.close(WireCode.GOING_AWAY, "the relay is stopping", retry_after_s=1)
        await doorkeeper.wait_until_empty()
