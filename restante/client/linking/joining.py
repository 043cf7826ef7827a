"""The new device's side of a linking: code shown, digits shown, account kept.

Rule: nothing is kept before the grant has opened and the relay shows the manifest that it names; a
linking that ends before leaves the profile as it was. One try a code: whatever goes wrong ends it.
Spec: docs/engine.md, section 14; docs/cryptography.md, section 11.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import trio

from restante.client.directory import newest_over
from restante.client.failures import RefusedError, RelayError, UntrustedRelayError
from restante.client.interface import LinkState
from restante.client.linking.provision import keep_granted
from restante.client.linking.rendezvous import Rendezvous, parting
from restante.client.linking.view import LinkView
from restante.client.log import log_bug
from restante.crypto import own_keys
from restante.crypto.linking import LinkAbortedError, NewDevice
from restante.errors import CryptoError, ExitCode, StoreError, UserError, WireCode
from restante.protocol.address import Address, AddressError
from restante.protocol.ids import MailboxId
from restante.protocol.linking import LinkAbort, LinkSlot
from restante.store.failpoints import reach

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from restante.client.context import EngineContext
    from restante.client.interface import DeviceLink
    from restante.crypto.linking import Grant
    from restante.crypto.own_keys import DeviceSecrets
    from restante.crypto.signatures import VerifiedManifest

AGAIN: Final = "Begin again here with: restante device link {address}"

EXPIRED: Final = "The code has expired. " + AGAIN
CANCELLED_THERE: Final = "The linking was ended on the other device. " + AGAIN
WRONG_DIGITS: Final = (
    "Other digits were typed on the other device, so this code is worth nothing any more. Begin "
    "again; if they differ again although they were typed as shown, somebody is in between."
)
IN_BETWEEN: Final = (
    "Somebody else answered to this code, or what was answered is forged. Nothing was linked. "
    "Begin again, and show the code to nobody but your own device."
)


class Joining:
    """One linking of this profile to an account. `begin` makes it; it runs until it has ended."""

    def __init__(
        self,
        context: EngineContext,
        *,
        device: DeviceSecrets,
        exchange: NewDevice,
        rendezvous: Rendezvous,
        view: LinkView,
        joined: Callable[[], Awaitable[None]],
    ) -> None:
        self._context = context
        self._device = device
        self._exchange = exchange
        self._rendezvous = rendezvous
        self._view = view
        self._joined = joined
        self._scope = trio.CancelScope()
        self._ended = trio.Event()
        self._has_verdict = False
        self._is_granted = False

    @classmethod
    async def begin(
        cls,
        context: EngineContext,
        nursery: trio.Nursery,
        *,
        address: str,
        name: str,
        joined: Callable[[], Awaitable[None]],
    ) -> Joining:
        """Ask the relay for the account, draw keys, put the offer; then it goes on in `nursery`.

        `joined` is called once the account is kept. Raises RelayError, or UserError: no address, no
        account there.
        """
        try:
            wanted = Address.parse(address.strip())
        except AddressError as error:
            raise UserError(str(error)) from None
        rendezvous, shown = await _meet(context, nursery, wanted)
        try:
            device = own_keys.generate_device(context.randomness)
            exchange = NewDevice.start(
                context.randomness,
                device=device,
                entry=own_keys.device_entry(
                    device,
                    mailbox=MailboxId(context.randomness.random(16)),
                    now_s=context.now_s(),
                ),
                name=name,
                address=shown.address,
            )
            view = LinkView(
                context, address=shown.address.unpinned, name=name, code=str(exchange.code)
            )
            with trio.fail_after(context.tuning.link_ttl_s):
                await rendezvous.put(exchange.slot(LinkSlot.OFFER), exchange.offer)
        except trio.TooSlowError:
            await rendezvous.close()
            raise RefusedError(WireCode.TIMED_OUT, shown.address.relay) from None
        except BaseException:
            await rendezvous.close()
            raise
        self = cls(
            context,
            device=device,
            exchange=exchange,
            rendezvous=rendezvous,
            view=view,
            joined=joined,
        )
        nursery.start_soon(self._run)
        return self

    @property
    def now(self) -> DeviceLink:
        """How it stands."""
        return self._view.now

    @property
    def has_ended(self) -> bool:
        """Whether it is over, for good or bad."""
        return self._view.has_ended

    def is_for(self, address: str) -> bool:
        """Whether it links to the account that is named so."""
        try:
            return Address.parse(address.strip()).unpinned == self.now.address
        except AddressError:
            return False

    async def cancel(self) -> None:
        """End it, and tell the old device so if the relay can be reached."""
        if self.has_ended or self._is_granted:
            return  # from the grant on the account has this device: it can only be revoked
        self._view.become(LinkState.FAILED, error="The linking was ended here.")
        self._scope.cancel()
        await self._ended.wait()

    async def _run(self) -> None:
        try:
            with self._scope:
                await self._join()
        except RefusedError as error:
            self._fail(IN_BETWEEN if error.code is WireCode.CONFLICT else str(error))
        except (UserError, StoreError) as error:
            self._fail(str(error))
        except CryptoError:
            self._fail(IN_BETWEEN)
        except Exception as error:
            log_bug(error)
            self._fail("A part of Restante failed. The log file says where.")
            if not self._context.tuning.restarts_services:
                raise
        finally:
            if self.has_ended and not self._has_verdict:
                await self._say_cancelled()
            with parting(self._context):
                await self._rendezvous.close()
            self._ended.set()

    async def _join(self) -> None:
        exchange, rendezvous = self._exchange, self._rendezvous
        acceptance = await self._within(self._view.deadline, LinkSlot.ACCEPT)
        reveal, digits = exchange.accept(acceptance)
        with trio.CancelScope(deadline=self._view.deadline) as putting:
            await rendezvous.put(exchange.slot(LinkSlot.REVEAL), reveal)
        if putting.cancelled_caught:
            raise UserError(self._again(EXPIRED))
        self._view.become(LinkState.COMPARE, digits=digits)
        # Who typed them in the last second is still waited for.
        last = self._view.deadline + self._context.tuning.link_patience_s
        verdict = await self._within(last, LinkSlot.VERDICT)
        self._has_verdict = True
        try:
            grant = exchange.finish(verdict)
        except LinkAbortedError as aborted:
            wrong = aborted.reason == LinkAbort.WRONG_DIGITS
            sentence = WRONG_DIGITS if wrong else self._again(CANCELLED_THERE)
            raise UserError(sentence) from None
        self._is_granted = True
        reach("linking.opened")
        await self._until_shown(grant.manifest)
        await self._keep(grant)
        self._view.become(LinkState.LINKED)

    async def _within(self, deadline: float, slot: LinkSlot) -> bytes:
        """Wait for a message. UserError when the code has expired before."""
        with trio.CancelScope(deadline=deadline) as scope:
            _, sealed = await self._rendezvous.wait_for(self._exchange.slot(slot))
        if scope.cancelled_caught:
            raise UserError(self._again(EXPIRED))
        return sealed

    async def _until_shown(self, granted: VerifiedManifest) -> None:
        """Wait until the relay shows the manifest that was granted, or one that extends it."""
        address = granted.address
        with trio.move_on_after(self._context.tuning.link_patience_s):
            while True:
                shown = await newest_over(self._rendezvous, address)
                if shown.root != granted.root:
                    raise UserError(IN_BETWEEN, exit_code=ExitCode.UNTRUSTED)
                place = (shown.generation, shown.sequence)
                if shown.head == granted.head or place > (granted.generation, granted.sequence):
                    return
                await trio.sleep(self._context.tuning.slot_poll_s)
        raise UserError(
            f"The relay {address.relay.authority} doesn't show this device as linked. "
            + self._again(AGAIN)
        )

    async def _keep(self, grant: Grant) -> None:
        with trio.CancelScope(shield=True):  # from here on it is ours: all of it or nothing
            await keep_granted(self._context, self._device, grant)
            reach("linking.kept")
            await self._joined()

    async def _say_cancelled(self) -> None:
        message = self._exchange.cancel()
        with parting(self._context):
            try:
                await self._rendezvous.put(self._exchange.slot(LinkSlot.CANCEL), message)
            except RelayError:
                return  # it will see that nothing more comes

    def _fail(self, sentence: str) -> None:
        self._view.become(LinkState.FAILED, error=sentence)

    def _again(self, sentence: str) -> str:
        return sentence.format(address=self._view.now.address)


async def _meet(
    context: EngineContext, nursery: trio.Nursery, wanted: Address
) -> tuple[Rendezvous, VerifiedManifest]:
    """Reach the relay, and find the account and the key of its relay there.

    Whoever links types the address without a pin. So where nobody vouches for the relay's key, the
    one that is shown is taken if the account's manifest names it: what is said there is sealed for
    the other device alone, and the digits decide.
    """
    try:
        return await _ask(context, nursery, wanted, any_key=False)
    except RefusedError:
        raise
    except RelayError as error:
        may_be_pinned = isinstance(error, UntrustedRelayError) or wanted.relay.is_plain
        if wanted.relay.pin is not None or not may_be_pinned:
            raise
        try:
            return await _ask(context, nursery, wanted, any_key=True)
        except RelayError:
            raise error from None


async def _ask(
    context: EngineContext, nursery: trio.Nursery, wanted: Address, *, any_key: bool
) -> tuple[Rendezvous, VerifiedManifest]:
    rendezvous = Rendezvous(context, nursery, wanted.relay, any_key=any_key)
    try:
        link = await rendezvous.link()
        shown = await newest_over(link, wanted)
        _check_pin(shown, link.peer_pin if any_key else wanted.relay.pin)
    except BaseException:
        with parting(context):
            await rendezvous.close()
        raise
    rendezvous.goes_on_at(shown.address.relay)
    return rendezvous, shown


def _check_pin(shown: VerifiedManifest, reached: bytes | None) -> None:
    address = shown.address
    if address.relay.pin != reached:
        raise UserError(
            f"{address.relay.authority} is reached by another key than the account at "
            f"{address.unpinned} names. Somebody may be in between.",
            exit_code=ExitCode.UNTRUSTED,
        )
