"""The engine's methods for bundles: each hands on to the part that knows.

Spec: docs/engine.md, section 24.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from restante.client.bundling.reading import BundleTaker
    from restante.client.bundling.writing import BundleWriter
    from restante.client.interface import BundleMade, BundleTaken


class BundleMethods:
    """What `LocalEngine` inherits; it says where the parts are."""

    def _bundling(self) -> tuple[BundleWriter, BundleTaker]:
        raise NotImplementedError

    async def bundle_export(self, path: str, *, conversation: str | None = None) -> BundleMade:
        """See interface.Engine."""
        return await self._bundling()[0].write(path, conversation)

    async def bundle_import(self, path: str) -> BundleTaken:
        """See interface.Engine."""
        return await self._bundling()[1].take(path)
