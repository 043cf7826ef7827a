"""What can be set, once: what each setting is called, does, and may be. Pure.

The settings screen, the file and the documentation are made from it. Rule: what belongs to the
person (privacy) is the account's and the same on all its devices; what belongs to the machine is in
a file beside the profile. Spec: docs/tui.md, section 6.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from textual.theme import BUILTIN_THEMES

from restante.client.language import _
from restante.client.tui.quiet import read_quiet
from restante.client.tui.theme import CONTRAST, DARK, LIGHT
from restante.values import dataclass

THEMES: Final = tuple(sorted({*BUILTIN_THEMES}, key=str.casefold))


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """`choices` are values and their names; the first one holds until another is chosen."""

    name: str
    group: str
    title: str
    says: str
    choices: tuple[tuple[str, str], ...]
    is_of_person: bool = False
    may_be: Callable[[str], bool] | None = None
    """Of one that is typed: whether a value may be; its choices are examples then."""
    how: str = ""
    """Of one that is typed: what may be, in a sentence."""

    def allows(self, value: object) -> bool:
        """Whether a value may be."""
        if self.may_be is not None:
            return isinstance(value, str) and self.may_be(value)
        return value in dict(self.choices)

    @property
    def usual(self) -> str:
        """What holds until something is chosen (of the person: what the engine says)."""
        return self.choices[0][0]

    def label(self, value: str) -> str:
        """What a value is called."""
        return dict(self.choices).get(value, value)

    def after(self, value: str, step: int) -> str:
        """Return the next value, or the one before, round and round."""
        values = [each for each, _ in self.choices]
        at = values.index(value) if value in values else 0
        return values[(at + step) % len(values)]


_ON_OFF: Final = (("on", _("on")), ("off", _("off")))
_PRIVACY, _LOOKS = _("Privacy, on all your devices"), _("Looks, on this machine")
_ALERTS = _("Notices, on this machine")
_LOCK = _("Locking, on this machine")

SETTINGS: Final = (
    Setting(
        name="receipts",
        group=_PRIVACY,
        title=_("Read receipts"),
        says=_("Your contacts see when you have read what they sent, and you see when they have."),
        choices=_ON_OFF,
        is_of_person=True,
    ),
    Setting(
        name="typing",
        group=_PRIVACY,
        title=_("Typing"),
        says=_("Your contacts see that you are typing, and you see it of them."),
        choices=_ON_OFF,
        is_of_person=True,
    ),
    Setting(
        name="presence",
        group=_PRIVACY,
        title=_("Presence"),
        says=_("Your contacts see whether you are there, and when you last were, to five minutes."),
        choices=_ON_OFF,
        is_of_person=True,
    ),
    Setting(
        name="files",
        group=_PRIVACY,
        title=_("Fetch files"),
        says=_("What contacts send is fetched by itself; their relay sees when."),
        choices=(
            ("on", _("what is small")),
            ("off", _("none")),
            ("pictures", _("small pictures and voice")),
            ("all", _("all up to 128 MiB")),
        ),
        is_of_person=True,
    ),
    Setting(
        name="keywords",
        group=_PRIVACY,
        title=_("Keywords"),
        says=_(
            "Messages with one of these call you also where only mentions do (^p, Chat: Notices)."
        ),
        choices=(("", _("none")),),
        is_of_person=True,
        may_be=lambda _value: True,
        how=_("Words with commas between, as: deploy, outage."),
    ),
    Setting(
        name="theme",
        group=_LOOKS,
        title=_("Theme"),
        says=_("Colours. Those of Restante are checked for contrast; the others are Textual's."),
        choices=(
            (DARK.name, _("Restante dark")),
            (LIGHT.name, _("Restante light")),
            (CONTRAST.name, _("Restante high contrast")),
            *((name, name) for name in THEMES),
        ),
    ),
    Setting(
        name="density",
        group=_LOOKS,
        title=_("Messages"),
        says=_("Grouped under their sender with space between, or compact: time and name first."),
        choices=(("grouped", _("grouped")), ("compact", _("compact"))),
    ),
    Setting(
        name="glyphs",
        group=_LOOKS,
        title=_("Signs"),
        says=_("Unicode or plain ASCII; by itself it follows RESTANTE_ASCII and the locale."),
        choices=(
            ("auto", _("as the terminal can")),
            ("unicode", _("Unicode")),
            ("ascii", _("ASCII")),
        ),
    ),
    Setting(
        name="animation",
        group=_LOOKS,
        title=_("Animation"),
        says=_("Movement when lists scroll and notes appear. Over a slow line, off is calmer."),
        choices=(("off", _("off")), ("on", _("on"))),
    ),
    Setting(
        name="clock",
        group=_LOOKS,
        title=_("Clock"),
        says=_("How times of day are written."),
        choices=(("24h", _("14:30")), ("12h", _("2:30 pm"))),
    ),
    Setting(
        name="keymap",
        group=_LOOKS,
        title=_("Keys"),
        says=_("vim adds its own: Esc leaves the box, i enters it, / : n N ^d ^u. F3 shows all."),
        choices=(("usual", _("usual")), ("vim", _("vim"))),
    ),
    Setting(
        name="pictures",
        group=_LOOKS,
        title=_("Pictures"),
        says=_("Drawn in blocks of colour among the messages; larger ones as the terminal can."),
        choices=(
            ("auto", _("as the terminal can")),
            ("blocks", _("in blocks")),
            ("off", _("not drawn")),
        ),
    ),
    Setting(
        name="alerts",
        group=_ALERTS,
        title=_("Of new messages"),
        says=_(
            "While you look elsewhere: a notice on the desktop if the terminal can, or the bell."
        ),
        choices=(("notice", _("a notice")), ("bell", _("the bell")), ("off", _("nothing"))),
    ),
    Setting(
        name="alert_text",
        group=_ALERTS,
        title=_("A notice shows"),
        says=_("Notices stay on the desktop, where others may read them. Never what disappears."),
        choices=(
            ("nothing", _("that there is one")),
            ("sender", _("the sender")),
            ("text", _("sender and text")),
        ),
    ),
    Setting(
        name="quiet_hours",
        group=_ALERTS,
        title=_("Quiet hours"),
        says=_("Neither notice nor bell comes then. The title of the window goes on counting."),
        choices=(
            ("off", _("none")),
            ("21-7", _("21:00 to 7:00")),
            ("22-7", _("22:00 to 7:00")),
            ("22-8", _("22:00 to 8:00")),
            ("23-8", _("23:00 to 8:00")),
            ("0-8", _("0:00 to 8:00")),
        ),
        may_be=lambda value: read_quiet(value) is not None,
        how=_("Hours as 22-7, or by weekday: mo-fr 22:30-7, sa su 0-10. off: none."),
    ),
    Setting(
        name="lock_after",
        group=_LOCK,
        title=_("Lock by itself"),
        says=_("After so long without a key or a click; only with a passphrase (^p, Passphrase)."),
        choices=(
            ("off", _("never")),
            ("1", _("after a minute")),
            ("5", _("after 5 minutes")),
            ("15", _("after 15 minutes")),
            ("60", _("after an hour")),
        ),
    ),
)
BY_NAME: Final = {setting.name: setting for setting in SETTINGS}
OF_MACHINE: Final = tuple(setting for setting in SETTINGS if not setting.is_of_person)
