"""The sentences of locking and of passphrases. Pure.

Rule: as in words.py. Spec: docs/tui.md, section 5.
"""

from __future__ import annotations

from typing import Final

LOCKED_TITLE: Final = "Locked"
LOCKED_TEXT: Final = "Type your passphrase. Until then nothing is sent, and nothing arrives."
UNLOCK: Final = "Unlock"
UNLOCKING: Final = "Unlocking…"
TYPE_IT: Final = "Type the passphrase."

CHOOSE_TITLE: Final = "Passphrase"
CHOOSE_TEXT: Final = (
    "It locks your keys and your history on this device. Nobody can reset it: write it down, or "
    "choose one that you can't forget. Four words that have nothing to do with each other are good."
)
PRESENT: Final = "Present passphrase"
NEW: Final = "New passphrase"
AGAIN: Final = "Once more"
SET: Final = "Set"
DIFFERENT: Final = "These are two different passphrases. Type the new one again."
IS_SET: Final = "The passphrase is set."
WORKING: Final = "Stretching the passphrase…"


def unlocks(profile: str) -> str:
    """Whose passphrase it is."""
    return f"Profile {profile}"


def next_try(wait_s: int) -> str:
    """After too many wrong ones."""
    return f"That was not the passphrase. Next try in {wait_s} s."


def why_not(kept_by: str) -> str:
    """Locking would be of no use."""
    if kept_by == "keyring":
        return (
            "The system's keyring would open it again at once. Lock that, or set a passphrase: "
            "^p, Passphrase."
        )
    return "There is no passphrase yet, so locking would keep nobody out. Set one: ^p, Passphrase."
