"""The engine's methods for devices: each hands on to the desk.

Rule: nothing but handing on. Spec: docs/engine.md, section 14.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from restante.client.interface import Device, DeviceLink, NewKey
    from restante.client.linking.desk import Desk


class LinkingMethods:
    """What `LocalEngine` inherits; it says where the desk is."""

    def _desk(self) -> Desk:
        raise NotImplementedError

    async def devices(self) -> list[Device]:
        """See interface.Engine."""
        return await self._desk().devices()

    async def device_rename(self, device: str, name: str) -> Device:
        """See interface.Engine."""
        return await self._desk().rename(device, name)

    async def device_wake(self, endpoint: str | None) -> None:
        """See interface.Engine."""
        await self._desk().wake(endpoint)

    async def device_revoke(self, device: str) -> list[Device]:
        """See interface.Engine."""
        return await self._desk().revoke(device)

    async def key_new(
        self, conversation: str, *, messages: int, until: str, name: str | None = None
    ) -> NewKey:
        """See interface.Engine."""
        return await self._desk().new_key(conversation, messages=messages, until=until, name=name)

    async def link_begin(self, *, address: str, name: str | None = None) -> DeviceLink:
        """See interface.Engine."""
        return await self._desk().begin(address=address, name=name)

    async def link_open(self, code: str) -> DeviceLink:
        """See interface.Engine."""
        return await self._desk().open(code)

    async def link_confirm(self, digits: str) -> Device:
        """See interface.Engine."""
        return await self._desk().confirm(digits)

    async def link_state(self) -> DeviceLink | None:
        """See interface.Engine."""
        return self._desk().state()

    async def link_cancel(self) -> None:
        """See interface.Engine."""
        await self._desk().cancel()
