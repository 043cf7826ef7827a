"""The old device's side of a linking: the code followed, the digits compared, the manifest signed.

Rule: nothing of the account is signed before the user has typed the digits that the new device
shows, and there is one guess; a grant that can't be handed over is taken back. Runs in its callers:
`open`, then `confirm` or `cancel`. Spec: docs/engine.md, section 14; docs/cryptography.md, 11.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, NoReturn

import trio

from restante.client.failures import RefusedError, RelayError
from restante.client.interface import LinkState
from restante.client.linking.names import offered_name, short_id
from restante.client.linking.rendezvous import Rendezvous, parting
from restante.client.linking.view import LinkView
from restante.crypto.linking import OldDevice
from restante.errors import CryptoError, ExitCode, UserError, WireCode
from restante.protocol.address import RelayAddress
from restante.protocol.code import CodeError, CodeType, parse_code
from restante.protocol.ids import link_slot
from restante.protocol.limits import MAX_DEVICES
from restante.protocol.linking import LinkSlot

if TYPE_CHECKING:
    from restante.client.context import EngineContext
    from restante.client.interface import DeviceLink
    from restante.client.own_account import OwnAccount
    from restante.crypto.signatures import VerifiedManifest
    from restante.protocol.code import Code
    from restante.protocol.ids import DeviceId
    from restante.protocol.manifest import DeviceEntry


DIGITS: Final = 6

_AGAIN: Final = "On the new device: restante device link {address}"
EXPIRED: Final = "The code has expired, or was cancelled. " + _AGAIN
USED: Final = (
    "The code was used already. If that wasn't you, somebody has read it: show the next one to "
    "nobody but this device. " + _AGAIN
)
DAMAGED: Final = (
    "What the relay keeps for this code doesn't fit it. Copy the code again, whole, or begin "
    "again. " + _AGAIN
)
NO_ANSWER: Final = "The new device doesn't answer any more. Begin again. " + _AGAIN
FORGED: Final = (
    "What came in the new device's name is forged, or it is of another version. Nothing was "
    "linked. " + _AGAIN
)
CANCELLED: Final = "The linking was ended on the new device. " + _AGAIN
WRONG: Final = (
    "These are not the digits that the new device made. The code is worth nothing any more, and "
    "nothing was linked. If you typed what it shows, somebody is in between; else begin again. "
    + _AGAIN
)
LOST: Final = "The relay was lost, and nothing was linked. Begin again. " + _AGAIN
NOT_HANDED_OVER: Final = (
    "The relay was lost on the way, so the new device got nothing, and it is revoked again. "
    + _AGAIN
)


class Approving:
    """One linking, as the device that lets the other in."""

    def __init__(
        self,
        context: EngineContext,
        *,
        own: OwnAccount,
        code: Code,
        exchange: OldDevice,
        rendezvous: Rendezvous,
    ) -> None:
        self._context = context
        self._own = own
        self._exchange = exchange
        self._rendezvous = rendezvous
        self._view = LinkView(
            context,
            address=own.address.unpinned,
            name=offered_name(exchange.name) or short_id(exchange.entry.id),
            code=str(code),
        )
        self._is_granting = False
        self.code = code

    @classmethod
    async def open(
        cls, context: EngineContext, nursery: trio.Nursery, own: OwnAccount, text: str
    ) -> Approving:
        """Follow a code until the new device shows its digits.

        Raises RelayError, or UserError: no such code, not for this account, expired, used.
        """
        code = read_link_code(text, own)
        refuse_if_full(own)
        rendezvous = Rendezvous(context, nursery, own.address.relay)
        try:
            with trio.fail_after(context.tuning.link_patience_s):
                exchange = await _answer(context, own, code, rendezvous)
            self = cls(context, own=own, code=code, exchange=exchange, rendezvous=rendezvous)
            await self._compare()
        except BaseException as error:
            with parting(context):
                await rendezvous.close()
            if isinstance(error, trio.TooSlowError):
                raise RefusedError(WireCode.TIMED_OUT, own.address.relay) from None
            raise
        return self

    @property
    def now(self) -> DeviceLink:
        """How it stands."""
        return self._view.now

    @property
    def has_ended(self) -> bool:
        """Whether it is over, for good or bad."""
        return self._view.has_ended or trio.current_time() > self._view.deadline

    @property
    def entry(self) -> DeviceEntry:
        """What the manifest is to say of the new device."""
        return self._exchange.entry

    @property
    def device_id(self) -> DeviceId:
        """The new device."""
        return self._exchange.entry.id

    async def check(self, digits: str) -> None:
        """Compare what the user typed; what isn't six digits is no guess.

        UserError: wrong, and then it is over; expired; ended on the new device.
        """
        typed = "".join(digits.split())
        if len(typed) != DIGITS or not (typed.isascii() and typed.isdigit()):
            raise UserError("The new device shows six digits. Type those.")
        if not self._exchange.confirm(typed):
            await self._end(_failed(WRONG, self._own, ExitCode.UNTRUSTED))
        try:
            with trio.fail_after(self._context.tuning.link_patience_s):
                is_there = await self._rendezvous.look(self._exchange.slot(LinkSlot.OFFER))
                is_cancelled = await self._is_cancelled()
        except trio.TooSlowError:
            await self._end(_failed(LOST, self._own, ExitCode.UNAVAILABLE))
        if is_there is None:
            await self._end(_failed(EXPIRED, self._own))
        if is_cancelled:
            await self._end(_failed(CANCELLED, self._own))

    @contextmanager
    def granting(self) -> Iterator[None]:
        """Sign for the new device meanwhile, and hand the grant over: nothing cancels it then.

        UserError: it was ended here while the digits were compared.
        """
        if self._view.has_ended:
            raise UserError(str(self.now.error))
        self._is_granting = True
        try:
            yield
        finally:
            self._is_granting = False

    async def grant(self, manifest: VerifiedManifest, provision: bytes) -> bool:
        """Hand the grant over; False if the relay can't be reached for so long that it is over."""
        verdict = self._exchange.grant(manifest, provision)
        try:
            with trio.fail_after(self._context.tuning.link_patience_s):
                await self._rendezvous.put(self._exchange.slot(LinkSlot.VERDICT), verdict)
        except (RelayError, trio.TooSlowError):
            self._view.become(LinkState.FAILED, error=_sentence(NOT_HANDED_OVER, self._own))
            return False
        finally:
            await self._close()
        self._view.become(LinkState.LINKED)
        return True

    async def cancel(self) -> None:
        """End it, unless it is being granted; the new device hears of it if the relay does."""
        if not self.has_ended and not self._is_granting:
            await self._abort("The linking was ended here.")

    async def _compare(self) -> None:
        """Wait until the new device shows its digits."""
        exchange = self._exchange
        reveal, cancel = exchange.slot(LinkSlot.REVEAL), exchange.slot(LinkSlot.CANCEL)
        try:
            with trio.move_on_after(self._context.tuning.link_patience_s) as waiting:
                slot, message = await self._rendezvous.wait_for(reveal, cancel)
        except BaseException:
            await self._abort(_sentence(NO_ANSWER, self._own))
            raise
        if waiting.cancelled_caught:
            await self._end(_failed(NO_ANSWER, self._own, ExitCode.UNAVAILABLE))
        if slot == cancel and exchange.is_cancelled_by(message):
            await self._end(_failed(CANCELLED, self._own))
        try:
            self._exchange.reveal(message)
        except CryptoError:
            await self._end(_failed(FORGED, self._own, ExitCode.UNTRUSTED))
        self._view.become(LinkState.COMPARE)

    async def _is_cancelled(self) -> bool:
        message = await self._rendezvous.look(self._exchange.slot(LinkSlot.CANCEL))
        return message is not None and self._exchange.is_cancelled_by(message)

    async def _end(self, error: UserError) -> NoReturn:
        """Say on both sides that it is over, and raise why."""
        await self._abort(str(error))
        raise error

    async def _abort(self, sentence: str) -> None:
        if self._view.has_ended:
            return  # ended by somebody else meanwhile, who says so on both sides
        self._view.become(LinkState.FAILED, error=sentence)
        verdict = self._exchange.abort()
        with parting(self._context):
            try:
                await self._rendezvous.put(self._exchange.slot(LinkSlot.VERDICT), verdict)
            except RelayError:
                return  # it waits in vain, until the code's time is over
            finally:
                await self._close()

    async def _close(self) -> None:
        with parting(self._context):
            await self._rendezvous.close()


def read_link_code(text: str, own: OwnAccount) -> Code:
    """Read a code for linking. UserError: it is none, or for another account than ours."""
    try:
        code = parse_code(text)
    except CodeError as error:
        raise UserError(str(error)) from None
    if code.type is not CodeType.DEVICE_LINK:
        raise UserError(
            "That code doesn't link a device. The one to take is shown on the new device by: "
            f"restante device link {own.address.unpinned}"
        )
    if not code.is_for(own.address):
        raise UserError(
            f"That code links a device to {code.name}@{_place(code)}; this profile is "
            f"{own.address.unpinned}. " + _sentence(_AGAIN, own)
        )
    return code


def refuse_if_full(own: OwnAccount) -> None:
    """UserError if the account has as many devices as an account can have."""
    if len(own.manifest.devices) >= MAX_DEVICES:
        raise UserError(
            f"The account has {MAX_DEVICES} devices, and that is the most. Revoke one first: "
            "restante device ls",
            exit_code=ExitCode.LIMITED,
        )


async def _answer(
    context: EngineContext, own: OwnAccount, code: Code, rendezvous: Rendezvous
) -> OldDevice:
    """Take the new device's offer, and put our answer where it looks for it."""
    offer = await rendezvous.look(link_slot(code.secret, LinkSlot.OFFER))
    if offer is None:
        raise _failed(EXPIRED, own)
    try:
        exchange = OldDevice.open(context.randomness, code, offer)
        acceptance = exchange.reply(own.root)
    except CryptoError:
        raise _failed(DAMAGED, own, ExitCode.UNTRUSTED) from None
    try:
        await rendezvous.put(exchange.slot(LinkSlot.ACCEPT), acceptance)
    except RefusedError as error:
        if error.code is WireCode.CONFLICT:
            raise _failed(USED, own, ExitCode.UNTRUSTED) from None
        raise
    return exchange


def _place(code: Code) -> str:
    return RelayAddress(host=code.host, port=code.port).authority


def _sentence(template: str, own: OwnAccount) -> str:
    return template.format(address=own.address.unpinned)


def _failed(template: str, own: OwnAccount, exit_code: ExitCode = ExitCode.FIXABLE) -> UserError:
    return UserError(_sentence(template, own), exit_code=exit_code)
