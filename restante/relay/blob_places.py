"""Which place the bytes of a relay's blobs have: its directory, or a store that speaks S3.

Rule: what isn't chosen isn't loaded. Spec: docs/relay.md, section 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from restante.errors import UserError
from restante.relay.blob_files import BlobDirectory

if TYPE_CHECKING:
    from restante.relay.blob_files import BlobFiles
    from restante.relay.settings import Settings


def blob_place(settings: Settings) -> BlobFiles:
    """Return where blobs lie. UserError: what that needs isn't installed."""
    if not settings.blobs_url:
        return BlobDirectory(settings.blobs, leaves_bytes=settings.limits.blobs_leave_bytes)
    try:
        from restante.relay.blob_bucket import open_bucket  # noqa: PLC0415  (an extra, seldom there)
    except ImportError:
        raise UserError(
            "Blobs in an S3 store (blobs_url) need the extra s3: pip install 'restante[s3]'."
        ) from None
    return open_bucket(settings)
