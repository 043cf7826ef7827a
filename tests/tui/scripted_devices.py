"""The scripted engine's part about devices: a list of them, and a linking that goes as told."""

from __future__ import annotations

import trio
from msgspec.structs import replace

from restante.client.interface import Device, DeviceLink, LinkState
from restante.errors import ExitCode, UserError

DIGITS = "493027"
LINK_CODE = "restante:d" + "A" * 32 + "sam@relay.example"


class ScriptedDevices:
    """Devices of one account."""

    def __init__(self) -> None:
        self.listed = [
            self._made("laptop", is_this=True, is_first=True),
            self._made("tower", is_this=False, is_first=False),
        ]
        self.link: DeviceLink | None = None
        self.cancelled = 0

    async def devices(self) -> list[Device]:
        await trio.lowlevel.checkpoint()
        return list(self.listed)

    async def device_wake(self, endpoint: str | None) -> None:
        await trio.lowlevel.checkpoint()

    async def device_rename(self, device: str, name: str) -> Device:
        await trio.lowlevel.checkpoint()
        at = self._at(device)
        self.listed[at] = replace(self.listed[at], name=name)
        return self.listed[at]

    async def device_revoke(self, device: str) -> list[Device]:
        await trio.lowlevel.checkpoint()
        at = self._at(device)
        if self.listed[at].is_first:
            raise UserError("This device can't revoke itself.")
        del self.listed[at]
        return list(self.listed)

    async def link_begin(self, *, address: str, name: str | None = None) -> DeviceLink:
        await trio.lowlevel.checkpoint()
        if "@" not in address:
            raise UserError("That is no address. It looks like alice@relay.example.")
        self.link = self._link(LinkState.WAITING, address)
        return self.link

    async def link_open(self, code: str) -> DeviceLink:
        await trio.lowlevel.checkpoint()
        if code != LINK_CODE:
            raise UserError("The code is damaged or cut short. Copy it again, whole.")
        return self._link(LinkState.COMPARE, "sam@relay.example")

    async def link_confirm(self, digits: str) -> Device:
        await trio.lowlevel.checkpoint()
        if digits != DIGITS:
            raise UserError("Those are other digits. Begin again.", exit_code=ExitCode.UNTRUSTED)
        made = self._made("phone", is_this=False, is_first=False)
        self.listed.append(made)
        return made

    async def link_state(self) -> DeviceLink | None:
        await trio.lowlevel.checkpoint()
        return self.link

    async def link_cancel(self) -> None:
        await trio.lowlevel.checkpoint()
        self.cancelled += 1

    def come_further(self, state: LinkState, *, error: str | None = None) -> None:
        """Let the linking come further."""
        assert self.link is not None
        digits = DIGITS if state is LinkState.COMPARE else None
        self.link = replace(self.link, state=state, digits=digits, error=error)

    def _at(self, device: str) -> int:
        return [each.id for each in self.listed].index(device)

    def _link(self, state: LinkState, address: str) -> DeviceLink:
        return DeviceLink(
            state=state,
            address=address,
            name="phone",
            code=LINK_CODE,
            digits=None,
            expires_at="2024-06-04T14:46:00.000Z",
            error=None,
        )

    def _made(self, name: str, *, is_this: bool, is_first: bool) -> Device:
        return Device(
            id=name.encode().hex().ljust(32, "0"),
            name=name,
            is_this=is_this,
            is_first=is_first,
            added_at="2024-06-02T10:00:00.000Z",
        )
