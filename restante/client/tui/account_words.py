"""The sentences about one's own account: devices, recovery, other accounts. Pure.

Rule: as in words.py. Spec: docs/tui.md, section 5.
"""

from __future__ import annotations

from typing import Final

from restante.client.language import _

# ---- accounts --------------------------------------------------------------------------------

ACCOUNTS_TITLE: Final = _("Accounts")
ACCOUNTS_TEXT: Final = _(
    "Each is a profile of its own. One that you leave goes on receiving until Restante is closed; "
    "'restante daemon' does so for longer."
)
ACCOUNTS_GO: Final = _("Go there")
ACCOUNTS_PLACEHOLDER: Final = _("A name here makes a new one")
ACCOUNT_HERE: Final = _("open now")

# ---- recovery --------------------------------------------------------------------------------

RECOVERY_TITLE: Final = _("Recovery kit")
RECOVERY_TEXT: Final = _(
    "Write these 24 words on paper, in order. Whoever has them can take your account; without "
    "them, a lost device is a lost account. Nobody can reset it for you."
)
RECOVERY_LATER: Final = _("Later")
RECOVERY_DONE: Final = _("Done. The words are on your paper and nowhere else.")
RECOVERY_BANNER: Final = _(
    "Your recovery kit isn't on paper yet: a lost device would be a lost account."
)
RECOVERY_SHOW: Final = _("Write it down")


def recovery_ask(numbers: list[int]) -> str:
    """Some of the words are asked for, by their numbers."""
    listed = ", ".join(str(number) for number in numbers[:-1])
    return _("Type words {listed} and {last} from your paper.", listed=listed, last=numbers[-1])


# ---- history ---------------------------------------------------------------------------------

HISTORY_BANNER: Final = _("Some of your history was lost on its way to this device.")
HISTORY_SHOW: Final = _("Ask again, or leave it")
HISTORY_TITLE: Final = _("Lost history")
HISTORY_LEAVE: Final = _("Leave it at what is here")
HISTORY_WHOLE: Final = _("Your history is complete on this device.")
HISTORY_ASKED: Final = _("Asked. What is here stays; what comes is added.")
HISTORY_STATE: Final = {"coming": _("history on its way"), "incomplete": _("history incomplete")}
HISTORY_LEFT: Final = _("Left at what is here.")


def ask_for_history(name: str) -> str:
    """A device that may have the lost part."""
    return _("Ask {name} for all of it again", name=name)


# ---- devices ---------------------------------------------------------------------------------

DEVICES_TITLE: Final = _("Your devices")
DEVICES_TEXT: Final = _("Each has its own keys, and shows the same chats.")
THIS_DEVICE: Final = _("this device")
FIRST_DEVICE: Final = _("lets others in")
CAPABILITY_KEY: Final = _("key for scripts")
LINK_NEW: Final = _("Link new")
REVOKE: Final = _("Revoke")
DEVICE_RENAME_TITLE: Final = _("Rename device")
DEVICE_RENAME_TEXT: Final = _("Only your own devices see this name.")
REVOKE_TITLE: Final = _("Revoke this device?")
LINK_TITLE: Final = _("Link a new device")
LINK_TEXT: Final = _(
    "On the new device: restante device link, or 'I have an account' when the chat starts there. "
    "Paste the code that it shows."
)
LINK_PLACEHOLDER: Final = _("restante:d…")
LINK_DIGITS_PLACEHOLDER: Final = _("six digits")
LINK_LOOKING: Final = _("Looking for the device…")
LINK_SIGNING: Final = _("Letting it in…")
LINK_BEGINNING: Final = _("Asking the relay…")
LINK_ADDRESS_TEXT: Final = _(
    "The address of your account. Your first device lets this one in; have it at hand."
)
LINK_ADDRESS_PLACEHOLDER: Final = _("alice@relay.example")
LINK_SHOW: Final = _("On your first device: ^p, Devices, l. Scan or paste this within 10 minutes.")
LINK_COMPARE: Final = _(
    "Type these digits on your first device. If it shows another name than yours, cancel: somebody "
    "is in between."
)


def added_on(day: str) -> str:
    """Since when a device is on the account."""
    return _("added {day}", day=day)


def revoke(name: str) -> str:
    """Before a device is taken off the account."""
    return _(
        "{name} receives nothing from then on and can't send any more. What is on it stays on it. "
        "To use it again you link it anew.",
        name=name,
    )


def device_revoked(name: str) -> str:
    """After it was."""
    return _("{name} is revoked. Your contacts learn it with your next message.", name=name)


def device_linked(name: str) -> str:
    """After a device was let in."""
    return _("{name} is linked. Your chats are on their way to it.", name=name)


def link_digits(name: str) -> str:
    """The new device shows its digits."""
    return _(
        "{name} shows six digits now. Type them here. A wrong guess ends this code, so look "
        "twice; if it shows none, somebody else followed the code: cancel.",
        name=name,
    )
