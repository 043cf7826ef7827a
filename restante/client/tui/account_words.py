"""The sentences about one's own account: devices, recovery, other accounts. Pure.

Rule: as in words.py. Spec: docs/tui.md, section 5.
"""

from __future__ import annotations

from typing import Final

# ---- accounts --------------------------------------------------------------------------------

ACCOUNTS_TITLE: Final = "Accounts"
ACCOUNTS_TEXT: Final = (
    "Each is a profile of its own. One that you leave goes on receiving until Restante is closed; "
    "'restante daemon' does so for longer."
)
ACCOUNTS_GO: Final = "Go there"
ACCOUNTS_PLACEHOLDER: Final = "A name here makes a new one"
ACCOUNT_HERE: Final = "open now"

# ---- recovery --------------------------------------------------------------------------------

RECOVERY_TITLE: Final = "Recovery kit"
RECOVERY_TEXT: Final = (
    "Write these 24 words on paper, in order. Whoever has them can take your account; without "
    "them, a lost device is a lost account. Nobody can reset it for you."
)
RECOVERY_LATER: Final = "Later"
RECOVERY_DONE: Final = "Done. The words are on your paper and nowhere else."
RECOVERY_BANNER: Final = (
    "Your recovery kit isn't on paper yet: a lost device would be a lost account."
)
RECOVERY_SHOW: Final = "Write it down"


def recovery_ask(numbers: list[int]) -> str:
    """Some of the words are asked for, by their numbers."""
    listed = ", ".join(str(number) for number in numbers[:-1])
    return f"Type words {listed} and {numbers[-1]} from your paper."


# ---- history ---------------------------------------------------------------------------------

HISTORY_BANNER: Final = "Some of your history was lost on its way to this device."
HISTORY_SHOW: Final = "Ask again, or leave it"
HISTORY_TITLE: Final = "Lost history"
HISTORY_LEAVE: Final = "Leave it at what is here"
HISTORY_WHOLE: Final = "Your history is complete on this device."
HISTORY_ASKED: Final = "Asked. What is here stays; what comes is added."
HISTORY_STATE: Final = {"coming": "history on its way", "incomplete": "history incomplete"}
HISTORY_LEFT: Final = "Left at what is here."


def ask_for_history(name: str) -> str:
    """A device that may have the lost part."""
    return f"Ask {name} for all of it again"


# ---- devices ---------------------------------------------------------------------------------

DEVICES_TITLE: Final = "Your devices"
DEVICES_TEXT: Final = "Each has its own keys, and shows the same chats."
THIS_DEVICE: Final = "this one"
FIRST_DEVICE: Final = "adds and revokes"
CAPABILITY_KEY: Final = "key for scripts"
LINK_NEW: Final = "Link new"
REVOKE: Final = "Revoke"
DEVICE_RENAME_TITLE: Final = "Rename device"
DEVICE_RENAME_TEXT: Final = "Only your own devices see this name."
REVOKE_TITLE: Final = "Revoke this device?"
LINK_TITLE: Final = "Link a new device"
LINK_TEXT: Final = (
    "On the new device: restante device link, or 'I have an account' when the chat starts there. "
    "Paste the code that it shows."
)
LINK_PLACEHOLDER: Final = "restante:d…"
LINK_DIGITS_PLACEHOLDER: Final = "six digits"
LINK_LOOKING: Final = "Looking for the device…"
LINK_SIGNING: Final = "Letting it in…"
LINK_BEGINNING: Final = "Asking the relay…"
LINK_ADDRESS_TEXT: Final = (
    "The address of your account. Your first device lets this one in; have it at hand."
)
LINK_ADDRESS_PLACEHOLDER: Final = "alice@relay.example"
LINK_SHOW: Final = "On your first device: ^p, Devices, l. Scan or paste this within 10 minutes."
LINK_COMPARE: Final = (
    "Type these digits on your first device. If it shows another name than yours, cancel: somebody "
    "is in between."
)


def added_on(day: str) -> str:
    """Since when a device is on the account."""
    return f"added {day}"


def revoke(name: str) -> str:
    """Before a device is taken off the account."""
    return (
        f"{name} receives nothing from then on and can't send any more. What is on it stays on it. "
        "To use it again you link it anew."
    )


def device_revoked(name: str) -> str:
    """After it was."""
    return f"{name} is revoked. Your contacts learn it with your next message."


def device_linked(name: str) -> str:
    """After a device was let in."""
    return f"{name} is linked. Your chats are on their way to it."


def link_digits(name: str) -> str:
    """The new device shows its digits."""
    return (
        f"{name} shows six digits now. Type them here. A wrong guess ends this code, so look "
        "twice; if it shows none, somebody else followed the code: cancel."
    )
