"""Domain separation: the label that opens every hash, KDF and signature input.

Rule: a label is used for one purpose only, and every input is parsed in one way only. An input
is `label || 00 || fields`; a field of variable length is preceded by its length (u32, big endian).
The labels of ids and pins stand with them in `restante.protocol.ids`. Knows no key.
Spec: docs/cryptography.md, section 2.
"""

from __future__ import annotations

from typing import Final

from restante.protocol.envelope import SUITE
from restante.protocol.ids import labelled as _label

SUITE_BYTE: Final = SUITE.to_bytes(1, "big")
"""One byte in every transcript and associated data; another suite shares no key with this one."""

# Signatures (section 4)
ACCOUNT_CERTIFICATE: Final = _label("account-certificate")
MANIFEST: Final = _label("manifest")
IDENTITY_KEY: Final = _label("identity-key")
PREKEY: Final = _label("prekey")
AUTHENTICATE: Final = _label("authenticate")
HEARTBEAT: Final = _label("heartbeat")
DELETE_ACCOUNT: Final = _label("delete-account")
MOVED: Final = _label("moved")
LINK_PROOF: Final = _label("link-proof")
GROUP_ENTRY: Final = _label("group-entry")
GROUP_MESSAGE: Final = _label("group-message")

# Hashes
SAFETY_NUMBER: Final = _label("safety-number")
SAFETY_QR: Final = _label("safety-qr")
CODE_SEAL: Final = _label("code-seal")
LINK_SEAL: Final = _label("link-seal")
LINK_COMMITMENT: Final = _label("link-commit")
LINK_TRANSCRIPT: Final = _label("transcript-link")
HELLO_TAG: Final = _label("hello-tag")
SESSION_ID: Final = _label("session-id")
HELLO_TRANSCRIPT: Final = _label("transcript-hello")
SESSION_TRANSCRIPT: Final = _label("transcript-session")
SENDER_CHAIN: Final = _label("sender-chain")

# Keyed derivations
INTRODUCTION: Final = _label("introduction")
SESSION: Final = _label("session")
ROOT: Final = _label("root")
MESSAGE: Final = _label("message")
TAG: Final = _label("tag")
SENDER_TAGS: Final = _label("sender-tags")
LINK: Final = _label("link")
LINK_KEYS: Final = _label("link-keys")
LINK_DIGITS: Final = _label("link-digits")
FORMER_KEY_SEAL: Final = _label("seal-former-key")

# Associated data
HEADER_DATA: Final = _label("header")
BODY_DATA: Final = _label("body")
SENDER_DATA: Final = _label("sender-data")
INTRODUCTION_DATA: Final = _label("introduction-data")
CODE_RECORD: Final = _label("code-record")
BLOB_CHUNK: Final = _label("blob-chunk")
BACKUP_CHUNK: Final = _label("backup-chunk")
LINK_OFFER_DATA: Final = _label("link-offer")
LINK_REVEAL_DATA: Final = _label("link-reveal")
LINK_VERDICT_DATA: Final = _label("link-verdict")
LINK_CANCEL_DATA: Final = _label("link-cancel")
PROFILE_KEY_DATA: Final = _label("profile-key")
FORMER_KEY_DATA: Final = _label("former-key")

SIGNATURE_LABELS: Final = (
    ACCOUNT_CERTIFICATE,
    MANIFEST,
    IDENTITY_KEY,
    PREKEY,
    AUTHENTICATE,
    HEARTBEAT,
    DELETE_ACCOUNT,
    MOVED,
    LINK_PROOF,
    GROUP_ENTRY,
    GROUP_MESSAGE,
)
