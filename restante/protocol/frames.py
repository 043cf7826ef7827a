"""The frames of the wire: one msgpack array each, its first element the type. The public face.

Rule: everything that can repeat is a batch; every request has a number and gets one answer.
Relay frames are tagged below 32, client frames from 32. Spec: docs/protocol/relay.md, section 4.
"""

from __future__ import annotations

from typing import get_args

from restante.protocol.client_frames import (
    Ack,
    Anonymous,
    Authenticate,
    DeleteAccount,
    DeleteBlob,
    Deposit,
    DepositItem,
    FetchBlob,
    FetchCode,
    FetchHoldings,
    FetchManifest,
    FetchPrekeys,
    FetchPrekeyState,
    FetchSlot,
    OpenBlob,
    PublishCode,
    PublishHeartbeat,
    PublishManifest,
    PublishMoved,
    PublishPrekeys,
    PublishTokens,
    PutBlob,
    PutSlot,
    Register,
    SetWake,
    Subscribe,
    Target,
)
from restante.protocol.frame_parts import Frame, Lane, Limit, Outcome, Part
from restante.protocol.relay_frames import (
    BlobPart,
    BlobState,
    BundlesFound,
    Challenge,
    Close,
    CodeFound,
    Deliver,
    Delivery,
    Deposited,
    Done,
    Drained,
    HeldTable,
    Holdings,
    ManifestFound,
    PrekeyState,
    Refused,
    SlotFound,
    TargetOutcome,
    Welcome,
)

__all__ = [
    "SUBPROTOCOL",
    "VERSION",
    "Ack",
    "Anonymous",
    "AnonymousRequest",
    "Answer",
    "Authenticate",
    "BlobPart",
    "BlobState",
    "BundlesFound",
    "Challenge",
    "ClientFrame",
    "Close",
    "CodeFound",
    "DeleteAccount",
    "DeleteBlob",
    "Deliver",
    "Delivery",
    "Deposit",
    "DepositItem",
    "Deposited",
    "DeviceRequest",
    "Done",
    "Drained",
    "FetchBlob",
    "FetchCode",
    "FetchHoldings",
    "FetchManifest",
    "FetchPrekeyState",
    "FetchPrekeys",
    "FetchSlot",
    "Frame",
    "HeldTable",
    "Holdings",
    "Lane",
    "Limit",
    "ManifestFound",
    "OpenBlob",
    "Outcome",
    "Part",
    "PrekeyState",
    "PublishCode",
    "PublishHeartbeat",
    "PublishManifest",
    "PublishMoved",
    "PublishPrekeys",
    "PublishTokens",
    "PutBlob",
    "PutSlot",
    "Refused",
    "Register",
    "RelayFrame",
    "SetWake",
    "SlotFound",
    "Subscribe",
    "Target",
    "TargetOutcome",
    "Welcome",
    "by_tag",
]

VERSION = 1
SUBPROTOCOL = "restante.v1"

RelayFrame = (
    Challenge
    | Welcome
    | Close
    | Done
    | Refused
    | Deposited
    | Deliver
    | Drained
    | ManifestFound
    | BundlesFound
    | CodeFound
    | PrekeyState
    | SlotFound
    | BlobPart
    | BlobState
    | Holdings
)

AnonymousRequest = (
    FetchManifest | FetchPrekeys | FetchCode | Deposit | PutSlot | FetchSlot | FetchBlob
)
DeviceRequest = (
    Register
    | PublishManifest
    | PublishPrekeys
    | PublishTokens
    | PublishCode
    | PublishHeartbeat
    | FetchPrekeyState
    | Subscribe
    | OpenBlob
    | PutBlob
    | DeleteBlob
    | DeleteAccount
    | PublishMoved
    | FetchHoldings
    | SetWake
)
ClientFrame = Anonymous | Authenticate | Ack | AnonymousRequest | DeviceRequest
Answer = (
    Done
    | Refused
    | Deposited
    | ManifestFound
    | BundlesFound
    | CodeFound
    | PrekeyState
    | SlotFound
    | BlobPart
    | BlobState
    | Holdings
)


def by_tag(side: object) -> dict[int, type[Frame]]:
    """Return the frames of a side (RelayFrame or ClientFrame) by their tags."""
    kinds: tuple[type[Frame], ...] = get_args(side)
    return {tag: kind for kind in kinds if isinstance(tag := kind.__struct_config__.tag, int)}
