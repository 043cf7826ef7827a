"""The sentences of locking and of passphrases. Pure.

Rule: as in words.py. Spec: docs/tui.md, section 5.
"""

from __future__ import annotations

from typing import Final

from restante.client.language import _

LOCKED_TITLE: Final = _("Locked")
LOCKED_TEXT: Final = _("Type your passphrase. Until then nothing is sent, and nothing arrives.")
UNLOCK: Final = _("Unlock")
UNLOCKING: Final = _("Unlocking…")
TYPE_IT: Final = _("Type the passphrase.")

CHOOSE_TITLE: Final = _("Passphrase")
CHOOSE_TEXT: Final = _(
    "It locks your keys and your history on this device. Nobody can reset it: write it down, or "
    "choose one that you can't forget. Four words that have nothing to do with each other are good."
)
PRESENT: Final = _("Present passphrase")
NEW: Final = _("New passphrase")
AGAIN: Final = _("Once more")
SET: Final = _("Set")
DIFFERENT: Final = _("These are two different passphrases. Type the new one again.")
IS_SET: Final = _("The passphrase is set.")
WORKING: Final = _("Stretching the passphrase…")


def unlocks(profile: str) -> str:
    """Whose passphrase it is."""
    return _("Profile {profile}", profile=profile)


def next_try(wait_s: int) -> str:
    """After too many wrong ones."""
    return _("That was not the passphrase. Next try in {wait_s} s.", wait_s=wait_s)


def why_not(kept_by: str) -> str:
    """Locking would be of no use."""
    if kept_by == "keyring":
        return _(
            "The system's keyring would open it again at once. Lock that, or set a passphrase: "
            "^p, Passphrase."
        )
    return _(
        "There is no passphrase yet, so locking would keep nobody out. Set one: ^p, Passphrase."
    )
