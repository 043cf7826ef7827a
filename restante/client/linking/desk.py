"""The engine's part for devices: one linking at a time, and the account's list of devices.

Outlives the services: these are put together anew when the list changes. Rule: what changes the
account is one transaction, told to everybody after it; a linking whose grant can't be handed over
is taken back, and one that is being granted isn't cancelled any more.
Spec: docs/engine.md, section 14.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

import trio

from restante.client.capability_keys.making import Wanted, make_key
from restante.client.changes import Changes
from restante.client.failures import RefusedError
from restante.client.history_transfer.asking import give_history
from restante.client.interface import LinkState
from restante.client.linking.approving import Approving, refuse_if_full
from restante.client.linking.devices import device_view, list_devices, one_device, revoke, take_back
from restante.client.linking.joining import Joining
from restante.client.linking.names import (
    clean_device_name,
    device_name,
    name_of_this_machine,
    put_name,
    unlike_others,
)
from restante.client.linking.own_manifest import change_devices, signing_account
from restante.client.linking.provision import pack_provision
from restante.client.linking.unclaimed import note_granted
from restante.errors import ExitCode, UserError, WireCode
from restante.protocol import frames as f
from restante.store.failpoints import reach

if TYPE_CHECKING:
    from collections.abc import Callable

    from restante.client.context import EngineContext
    from restante.client.interface import Device, DeviceLink, NewKey
    from restante.client.services import Parts, Services
    from restante.crypto.signatures import VerifiedManifest
    from restante.store.client_rows import Rows

T = TypeVar("T")

PUBLISH_PATIENCE_S: Final = 15.0

NOTHING_TO_CONFIRM: Final = (
    "No new device waits for its digits here. Take its code first: restante device approve CODE"
)

BAD_WAKE: Final = (
    "The relay doesn't ask that address. It takes https ones on the public internet, as a push "
    "service gives them, at port 443 or from 1024 on."
)


class Desk:
    """What the engine's methods for devices hand on to."""

    def __init__(self, context: EngineContext, nursery: trio.Nursery, services: Services) -> None:
        self._context = context
        self._nursery = nursery
        self._services = services
        self._joining: Joining | None = None
        self._approving: Approving | None = None
        self._opening = trio.CancelScope()
        self._busy = trio.Lock()

    # ---- the new device ---------------------------------------------------------------------

    async def begin(self, *, address: str, name: str | None) -> DeviceLink:
        """See interface.Engine.link_begin."""
        wanted = name_of_this_machine() if name is None else clean_device_name(name)
        async with self._busy:
            own = self._services.own
            if own is not None and own.is_registered:
                raise UserError(
                    f"This profile is {own.address.unpinned} already. Use another --profile to "
                    "link a second device on this machine."
                )
            before = self._joining
            if before is not None and not before.has_ended:
                if before.is_for(address):
                    return before.now
                await before.cancel()
            self._joining = await Joining.begin(
                self._context,
                self._nursery,
                address=address,
                name=wanted,
                joined=self._services.reload,
            )
            return self._joining.now

    # ---- the old device ---------------------------------------------------------------------

    async def open(self, code: str) -> DeviceLink:
        """See interface.Engine.link_open."""
        self._services.running()
        async with self._busy:
            own, _ = await self._context.read(signing_account)
            before = self._approving
            if before is not None and not before.has_ended:
                if str(before.code) == code.strip():
                    return before.now
                await before.cancel()
            with trio.CancelScope() as self._opening:
                self._approving = None
                self._approving = await Approving.open(self._context, self._nursery, own, code)
                return self._approving.now
        raise UserError("The linking was ended here.")

    async def confirm(self, digits: str) -> Device:
        """See interface.Engine.link_confirm."""
        async with self._busy:
            approving = self._approving
            if approving is None or (
                approving.has_ended and approving.now.state is not LinkState.LINKED
            ):
                raise UserError(NOTHING_TO_CONFIRM)
            if not approving.has_ended:
                reach("linking.comparing")
                await approving.check(digits)
                with approving.granting(), trio.CancelScope(shield=True):  # all of it, or nothing
                    await self._grant(approving)
            return await self._context.read(lambda rows: device_view(rows, approving.device_id))

    async def _grant(self, approving: Approving) -> None:
        context = self._context

        def sign(rows: Rows, changes: Changes) -> tuple[VerifiedManifest, bytes]:
            own, _ = signing_account(rows)
            refuse_if_full(own)
            listed = [device.entry for device in own.manifest.devices]
            now_ms, new = context.now_ms(), approving.device_id
            if device_name(rows, own.device_id) is None:
                put_name(rows, own.device_id, name_of_this_machine(), now_ms=now_ms)
            name = unlike_others(rows, own.manifest, approving.now.name)
            put_name(rows, new, name, now_ms=now_ms)
            note_granted(rows, new, until_ms=now_ms + int(context.tuning.link_ttl_s * 1000))
            manifest = change_devices(rows, changes, [*listed, approving.entry], context=context)
            give_history(
                rows,
                changes,
                device_id=new,
                randomness=context.randomness,
                now_ms=now_ms,
            )
            return manifest, pack_provision(rows)

        manifest, provision = await self._change(sign)
        reach("linking.signed")
        is_handed_over = False
        try:
            is_handed_over = await approving.grant(manifest, provision)
        finally:
            if not is_handed_over:
                back = partial(take_back, device_id=approving.device_id, context=context)
                await self._change(back)
        if not is_handed_over:
            raise UserError(str(approving.now.error), exit_code=ExitCode.UNAVAILABLE)
        reach("linking.handed_over")
        await self._until_published()

    # ---- either -----------------------------------------------------------------------------

    def state(self) -> DeviceLink | None:
        """See interface.Engine.link_state."""
        under_way = self._joining or self._approving
        return None if under_way is None else under_way.now

    async def cancel(self) -> None:
        """See interface.Engine.link_cancel."""
        self._opening.cancel()
        for under_way in (self._joining, self._approving):
            if under_way is not None:
                await under_way.cancel()

    # ---- the list ---------------------------------------------------------------------------

    async def devices(self) -> list[Device]:
        """See interface.Engine."""
        self._services.reading()
        return await self._context.read(list_devices)

    async def rename(self, text: str, name: str) -> Device:
        """See interface.Engine.device_rename."""
        self._services.running()
        wanted = clean_device_name(name)

        def work(rows: Rows, changes: Changes) -> Device:
            changes.are_devices_changed = True
            _, device = one_device(rows, text)
            put_name(rows, device.device_id, wanted, now_ms=self._context.now_ms())
            return device_view(rows, device.device_id)

        return await self._change(work)

    async def wake(self, endpoint: str | None) -> None:
        """See interface.Engine.device_wake."""
        mailbox = self._services.running().mailbox
        with trio.move_on_after(PUBLISH_PATIENCE_S) as scope:
            link = await mailbox.link()
        if scope.cancelled_caught:
            raise UserError(
                "The relay can't be reached, so nothing has changed. Try again later.",
                exit_code=ExitCode.UNAVAILABLE,
            )
        try:
            await link.ask(f.Done, lambda n: f.SetWake(request=n, endpoint=endpoint))
        except RefusedError as error:
            if error.code is not WireCode.FORBIDDEN:
                raise
            raise UserError(BAD_WAKE) from error

    async def revoke(self, text: str) -> list[Device]:
        """See interface.Engine.device_revoke."""
        self._services.running()
        async with self._busy:
            await self._change(partial(revoke, text=text, context=self._context))
            await self._until_published()
        return await self._context.read(list_devices)

    async def new_key(
        self, conversation: str, *, messages: int, until: str, name: str | None
    ) -> NewKey:
        """See interface.Engine.key_new."""
        self._services.running()
        context = self._context
        wanted = Wanted.read(
            conversation, messages=messages, until=until, name=name, now_ms=context.now_ms()
        )
        async with self._busy:
            made = await self._change(partial(make_key, wanted=wanted, context=context))
            await self._until_published()
        return made

    async def _until_published(self) -> None:
        """Wait a while until the relay has heard of it; what it hasn't, it hears later."""
        with trio.move_on_after(PUBLISH_PATIENCE_S):
            await self._services.waiting_with(_published)

    async def _change(self, work: Callable[[Rows, Changes], T]) -> T:
        changes = Changes()
        result = await self._context.write(lambda rows: work(rows, changes))
        await self._services.tell(changes)
        return result


async def _published(parts: Parts) -> None:
    if await parts.mailbox.drained():
        await parts.mailbox.published()
