"""Every screen that lies over the main one, imported when it is shown first.

Rule: what acts asks for it here, `dialogs.ChoiceDialog`; nothing that the first frame needs imports
a dialog's own module. Spec: docs/adr/0011.
"""

# ruff: noqa: PLC0414  # that is how a name is given on
from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from restante.client.tui.account_dialog import AccountDialog as AccountDialog
    from restante.client.tui.choice_dialog import ChoiceDialog as ChoiceDialog
    from restante.client.tui.code_dialogs import MyCodeScreen as MyCodeScreen
    from restante.client.tui.device_dialogs import DevicesDialog as DevicesDialog
    from restante.client.tui.find_dialogs import GROUP as GROUP
    from restante.client.tui.find_dialogs import JOIN_WAIT_S as JOIN_WAIT_S
    from restante.client.tui.find_dialogs import START as START
    from restante.client.tui.find_dialogs import GoToDialog as GoToDialog
    from restante.client.tui.find_dialogs import NewChatDialog as NewChatDialog
    from restante.client.tui.find_dialogs import PickDialog as PickDialog
    from restante.client.tui.invite_dialogs import InvitesDialog as InvitesDialog
    from restante.client.tui.jump_screen import JumpScreen as JumpScreen
    from restante.client.tui.jump_screen import Target as Target
    from restante.client.tui.keys_dialog import KeysDialog as KeysDialog
    from restante.client.tui.keys_dialog import PressDialog as PressDialog
    from restante.client.tui.later_dialogs import LaterDialog as LaterDialog
    from restante.client.tui.later_dialogs import ScheduledDialog as ScheduledDialog
    from restante.client.tui.later_dialogs import spoken as spoken
    from restante.client.tui.links_dialog import ANSWERED as ANSWERED
    from restante.client.tui.links_dialog import LinksDialog as LinksDialog
    from restante.client.tui.lock_screen import LockScreen as LockScreen
    from restante.client.tui.mentions_dialog import MentionsDialog as MentionsDialog
    from restante.client.tui.message_dialogs import DeleteDialog as DeleteDialog
    from restante.client.tui.message_dialogs import ReactDialog as ReactDialog
    from restante.client.tui.passphrase_dialog import PassphraseDialog as PassphraseDialog
    from restante.client.tui.people_dialog import ChatsDialog as ChatsDialog
    from restante.client.tui.people_dialog import PeopleDialog as PeopleDialog
    from restante.client.tui.picture_screen import PictureScreen as PictureScreen
    from restante.client.tui.place_dialog import LIVE_S as LIVE_S
    from restante.client.tui.place_dialog import PlaceDialog as PlaceDialog
    from restante.client.tui.poll_dialogs import NewPollDialog as NewPollDialog
    from restante.client.tui.poll_dialogs import VoteDialog as VoteDialog
    from restante.client.tui.recovery_dialog import RecoveryDialog as RecoveryDialog
    from restante.client.tui.search_dialog import SearchDialog as SearchDialog
    from restante.client.tui.settings_dialog import SettingsDialog as SettingsDialog
    from restante.client.tui.verify_dialog import SafetyNumberDialog as SafetyNumberDialog
    from restante.client.tui.voice_dialog import RecordDialog as RecordDialog
    from restante.client.tui.welcome import WelcomeScreen as WelcomeScreen

HOMES: Final = {
    "account_dialog": ("AccountDialog",),
    "choice_dialog": ("ChoiceDialog",),
    "code_dialogs": ("MyCodeScreen",),
    "device_dialogs": ("DevicesDialog",),
    "find_dialogs": (
        "GROUP",
        "JOIN_WAIT_S",
        "START",
        "GoToDialog",
        "NewChatDialog",
        "PickDialog",
    ),
    "invite_dialogs": ("InvitesDialog",),
    "jump_screen": (
        "JumpScreen",
        "Target",
    ),
    "keys_dialog": (
        "KeysDialog",
        "PressDialog",
    ),
    "later_dialogs": (
        "LaterDialog",
        "ScheduledDialog",
        "spoken",
    ),
    "links_dialog": (
        "ANSWERED",
        "LinksDialog",
    ),
    "lock_screen": ("LockScreen",),
    "mentions_dialog": ("MentionsDialog",),
    "message_dialogs": (
        "DeleteDialog",
        "ReactDialog",
    ),
    "passphrase_dialog": ("PassphraseDialog",),
    "people_dialog": (
        "ChatsDialog",
        "PeopleDialog",
    ),
    "picture_screen": ("PictureScreen",),
    "place_dialog": (
        "LIVE_S",
        "PlaceDialog",
    ),
    "poll_dialogs": (
        "NewPollDialog",
        "VoteDialog",
    ),
    "recovery_dialog": ("RecoveryDialog",),
    "search_dialog": ("SearchDialog",),
    "settings_dialog": ("SettingsDialog",),
    "verify_dialog": ("SafetyNumberDialog",),
    "voice_dialog": ("RecordDialog",),
    "welcome": ("WelcomeScreen",),
}
"""What of each module is asked for here."""

_HOME_OF: Final = {name: home for home, names in HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    """Import a dialog."""
    if name not in _HOME_OF:
        raise AttributeError(name)
    return getattr(import_module(f"{__package__}.{_HOME_OF[name]}"), name)


def is_shown_as(name: str, screen: object) -> bool:
    """Whether a screen is this dialog; of one that was never imported none is."""
    home = sys.modules.get(f"{__package__}.{_HOME_OF[name]}")
    return home is not None and isinstance(screen, getattr(home, name))


def import_all() -> None:
    """Have every dialog known: for what speaks of all of them."""
    for home in HOMES:
        import_module(f"{__package__}.{home}")
