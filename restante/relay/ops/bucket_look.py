"""The doctor's look at a store that speaks S3, in which the blobs lie.

Rule: as every look, it changes nothing and ends in a finding. Spec: docs/relay.md, section 9.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import trio

from restante.errors import StoreError, UserError
from restante.relay.blob_places import blob_place
from restante.relay.ops.finding import Finding, State

if TYPE_CHECKING:
    from restante.relay.settings import Settings


def look_at_bucket(settings: Settings) -> Finding:
    """Ask the store for something."""
    try:
        trio.run(blob_place(settings).look)
    except UserError as error:
        return Finding(check="blobs", state=State.BAD, found=str(error), fix="Install it.")
    except StoreError as error:
        return Finding(
            check="blobs",
            state=State.BAD,
            found=f"{error} Files can be neither sent nor fetched.",
            fix="Look at blobs_url, s3_endpoint, s3_region and the key in the settings, and "
            "whether that key may list, read, write and delete there.",
        )
    return Finding(check="blobs", state=State.OK, found="The store of the blobs answers.")
