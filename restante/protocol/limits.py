"""Every limit of the protocol, each with its reason.

Rule: a number that both sides must agree on stands here and in docs/protocol/limits.md, nowhere
else. Times are seconds, sizes bytes.
"""

from __future__ import annotations

from typing import Final

BUCKETS: Final = (4096, 16384, 65536)
"""The only sizes of an envelope: a size then tells one of three things. The smallest holds a
ratchet step (2,476 B) and a text, the middle one a hello, and 16 of the largest are 1 MiB."""

MAX_FRAME_BYTES: Final = 1_114_112
"""1 MiB of envelopes (16 of 64 KiB, 256 of 4 KiB) and 64 KiB of framing."""

MAX_FRAGMENTS: Final = 64
"""Continuation frames of one WebSocket message: empty ones would pass the size limit for ever."""

MAX_DEPOSIT_ITEMS: Final = 256
"""A frame costs far more than an envelope in it; past 256 nothing is gained."""

MAX_FANOUT_TARGETS: Final = 2048
"""Mailboxes of one payload: a group of 1,000 people with two devices each."""

MAX_DELIVERY_ITEMS: Final = 256
"""As for deposits; 256 small envelopes fill a frame."""

MAX_ACK_IDS: Final = 4096
"""Sixteen full deliveries in one ack: acks may be gathered while a mailbox drains."""

MAX_PREKEYS_PER_FRAME: Final = 256
"""One refill of both kinds of one-time prekeys: 100 each, and the two that are replaced."""

MAX_DEVICES: Final = 32
"""Devices of an account: every message is encrypted to each, and their manifest fits a hello."""

MAX_BUNDLE_DEVICES: Final = MAX_DEVICES
"""Bundles asked for at once: all devices of one account."""

MAX_MANIFEST_BYTES: Final = 8000
"""A signed manifest fits a hello's introduction (8,192 B)."""

MAX_MOVED_BYTES: Final = 512
"""A signed move: one root key, two addresses with their pins, a time and a signature."""

MAX_HELD_TABLES: Final = 32
"""Tables of a relay that say anything of one account, with room for more of them."""

MAX_HELD_COLUMNS: Final = 32
"""Columns of one of them."""

MAX_HELD_ROWS: Final = 64
"""Rows shown of a table; of more, how many there are. All of them fit one frame."""

MAX_MANIFEST_LINKS: Final = 128
"""Links of a manifest chain in one answer; who needs more asks again from the last."""

MAX_PENDING_REQUESTS: Final = 64
"""Unanswered requests on one connection."""

MAX_SEALED_CODE_BYTES: Final = 128
"""A sealed token takes 56 bytes; the rest is for what a later version seals beside it."""

SLOT_TTL_S: Final = 600
"""How long a slot is kept: ten minutes to carry a code from one screen to another."""

MAX_WAKE_ENDPOINT_CHARS: Final = 1024
MAX_SLOT_BYTES: Final = 16_384
"""A manifest of `MAX_DEVICES` devices, sealed, and as much again that goes with it."""

MAX_BLOB_PART_BYTES: Final = 262_144
"""Of a blob in one frame: past 256 KiB a part is no cheaper, and costs more to repeat."""

MAX_FILE_BYTES: Final = 5 * 1024**3
"""Of a file that is sent: a film, or a phone's pictures of a year."""

MAX_REASON_CHARS: Final = 200
"""A sentence for a log: no program reads it, and no screen shows more of it."""

MAX_ARRAY_ITEMS: Final = 4096
"""No array of the protocol is longer; the unpacker refuses before it allocates."""

BUCKET_TOKENS: Final = 16
"""Delivery tokens of an account: few enough to be no pseudonym, enough to block one bucket."""

MAX_RETIRED_TOKENS: Final = 256
"""Tokens still answered as if they were good: 16 rotations of each bucket, the newest."""

HANDSHAKE_TIMEOUT_S: Final = 10
"""From the connection to the welcome: some round trips of a slow satellite."""

REQUEST_TIMEOUT_S: Final = 30
"""For one answer: a commit behind a full queue, not a minute of silence."""

PING_INTERVAL_S: Final = 30
"""Below the 60 s after which common NATs and proxies forget an idle connection."""

IDLE_TIMEOUT_S: Final = 90
"""Three pings missed: whoever is silent for so long is gone."""

WRITE_TIMEOUT_S: Final = 20
"""For one frame into the network: who reads slower than 55 KB/s is cut off, and starts again."""

CONNECT_TIMEOUT_S: Final = 15
"""For TCP, or a circuit through Tor."""

DEFAULT_TTL_S: Final = 30 * 86400
"""How long a relay keeps an envelope for a device that doesn't come."""

MAX_TTL_S: Final = 60 * 86400
"""The longest that a relay may promise: after it nothing from before can arrive any more."""

RETRY_WINDOW_S: Final = 14 * 86400
"""How long a relay remembers a deposit's id, also past its ack: a retry stores nothing twice."""

MAX_CODE_CHARS: Final = 78
"""What a QR code of version 4-L holds: 33 modules and its quiet zone are 21 lines of a terminal."""

MAX_CODE_ADDRESS_CHARS: Final = 36
"""What the scheme, the type and 24 bytes of pin and secret leave of `MAX_CODE_CHARS`."""

CLOCK_DRIFT_MAX_S: Final = 86400
"""How far a message's clock may push the reader's own."""

LOOKUP_WINDOW: Final = 64
"""Tags expected of a chain one by one; past them, each multiple of 64 that can still be opened."""
