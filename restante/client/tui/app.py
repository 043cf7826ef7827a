"""The application: one engine, one main screen, and what works everywhere.

Rule: it holds no state of the conversations itself and no key of any; an error of ours ends it with
the terminal restored and a report without a single value. Spec: docs/tui.md, section 2.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from time import monotonic
from typing import Any, ClassVar

from rich.text import Text
from textual import on, work
from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.command import CommandPalette
from textual.driver import Driver
from textual.filter import LineFilter
from textual.message import Message as Posted
from textual.screen import Screen
from textual.worker import WorkerFailed

from restante.client.interface import Event
from restante.client.profile import locate_profile
from restante.client.tui import crash_words, dialogs, key_words, settings_words, words
from restante.client.tui.bridge import ask
from restante.client.tui.chat_screen import BREAKPOINTS, ChatScreen
from restante.client.tui.chats import Chats
from restante.client.tui.clean import clean_line
from restante.client.tui.crash import report_of
from restante.client.tui.filters import ControlFilter, PlainFilter
from restante.client.tui.palette import Commands
from restante.client.tui.stage import Stage
from restante.client.tui.theme import CONTRAST, DARK, LIGHT, tints
from restante.client.tui.tuning import TuningApp
from restante.errors import ExitCode, UserError

BETWEEN_S = 0.04
"""What the engine says is shown at once, and then no more often than this: keys come first."""

LOOK = Path(__file__).with_name("style.tcss")
OVER = Path(__file__).with_name("over.tcss")

GC_THRESHOLD = 50_000
"""A collection in the middle of a scroll is a dropped frame: let them be few."""


LOW = [(0, "-low"), (24, "-high")]
"""Below so many rows a code's picture isn't whole: the link is shown alone."""


class RestanteApp(TuningApp):
    """Textual's side of the interface."""

    TITLE = "Restante"
    VERTICAL_BREAKPOINTS = LOW
    CSS_PATH = LOOK
    COMMANDS: ClassVar = {Commands}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+k", "go_to", "Go to", key_display="^k", priority=True, id="app.go_to"),
        Binding("ctrl+n", "new_chat", "New", key_display="^n", priority=True, id="app.new"),
        Binding(
            "ctrl+g",
            "next_unread",
            "Next unread",
            key_display="^g",
            show=False,
            priority=True,
            id="app.next_unread",
        ),
        Binding(
            "ctrl+o", "jump", "Jump", key_display="^o", show=False, priority=True, id="app.jump"
        ),
        Binding(
            "ctrl+p",
            "command_palette",
            "Palette",
            key_display="^p",
            show=False,
            priority=True,
            id="app.palette",
        ),
        Binding("f1", "help", "Help", key_display="F1", priority=True, id="app.help"),
        Binding("f2", "settings", "Settings", key_display="F2", priority=True, id="app.settings"),
        Binding(
            "ctrl+f", "find", "Find", key_display="^f", show=False, priority=True, id="app.find"
        ),
        Binding(
            "ctrl+t",
            "search_all",
            "Search all",
            key_display="^t",
            show=False,
            priority=True,
            id="app.search",
        ),
        Binding("f4", "my_code", "My code", key_display="F4", show=False, id="app.code"),
        Binding(
            "ctrl+l", "lock", "Lock", key_display="^l", show=False, priority=True, id="app.lock"
        ),
        Binding("ctrl+r", "retry", "Retry", show=False, priority=True, id="app.retry"),
        Binding(
            "ctrl+q", "quit", "Quit", key_display="^q", show=False, priority=True, id="app.quit"
        ),
    ]

    class EngineSpoke(Posted):
        """Events of the engine wait in `_events`."""

    def __init__(self, stage: Stage, *, driver: type[Driver] | None = None) -> None:
        super().__init__(driver_class=driver)
        self._stage = stage
        self._chats = Chats(stage.now)
        self._events: list[Event] = []
        self._taken_at_s = 0.0
        self.crash_report = ""
        """What is said of a bug of ours, if this ended by one."""
        self.next_account: str | None = None
        """The profile to go to once this has ended."""
        self.when_shown: Callable[[], object] = lambda: None
        """Called once the first frame is there."""
        self._plain = PlainFilter()
        self._control = ControlFilter()
        self._main = ChatScreen(stage, self._chats)
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.register_theme(CONTRAST)
        for name in ("theme", "animation"):
            self._take_setting(name)
        self._styled_by = self.get_css_variables()
        self.stylesheet.set_variables(self._styled_by)
        self._take_keys()

    def get_default_screen(self) -> Screen[None]:
        """The main screen is there from the first frame, as wide and high as that will be.

        Textual would find out after the first frame, and style and draw all of it once more.
        """
        for cells, names in ((self.size.width, BREAKPOINTS), (self.size.height, LOW)):
            at_least = [name for least, name in names if cells >= least]
            self._main.add_class(at_least[-1], update=False)
        return self._main

    async def on_mount(self) -> None:
        """Read what there is; without an account, welcome the user."""
        self.run_worker(self._begin(), group="begin")
        self.call_after_refresh(self._shown)
        self._say_unknown_keys()

    def _say_unknown_keys(self) -> None:
        if names := set(self._stage.preferences.keys):
            for name in names - {line.id for line in self._key_lines()}:
                sentence = settings_words.unknown_key_name(clean_line(name))
                self.notify(sentence, severity="warning", markup=False)

    def _shown(self) -> None:
        self.when_shown()

    async def _begin(self) -> None:
        is_locked = await self.begins_locked()
        self._freeze()  # the engine answers: nothing large is imported from here on
        if is_locked:
            await self.push_screen_wait(dialogs.LockScreen(self._stage))
        if self.return_code is not None:
            return
        self.begin_watch()
        await self._main.reload()
        if not self.is_running:  # it ended meanwhile
            return
        await self.begin_alerts()
        status = await ask(self._stage.engine.status)
        if status.address is None:
            key = await self.push_screen_wait(dialogs.WelcomeScreen(self._stage))
            await self._main.reload()
            if key is not None:
                self._main.open_conversation(key)
                return
        self._main.list.focus()

    def _freeze(self) -> None:
        if gc.isenabled():  # not the first in this process: what others left behind goes
            gc.collect()  # else there is nothing yet, and to look takes as long as half a frame
        gc.freeze()
        gc.set_threshold(GC_THRESHOLD)
        gc.enable()  # it was off while all of this was imported

    # ---- the engine's events --------------------------------------------------------------------

    def take_event(self, event: Event) -> None:
        """Take an event; those that come while the last is being shown are shown together."""
        self._events.append(event)
        if len(self._events) == 1:
            self.post_message(self.EngineSpoke())

    @on(EngineSpoke)
    def _engine_spoke(self) -> None:
        too_early_s = self._taken_at_s + BETWEEN_S - monotonic()
        if too_early_s > 0:
            self.set_timer(too_early_s, self._take_events)
        else:
            self._take_events()

    def _take_events(self) -> None:
        events, self._events = self._events, []
        self._taken_at_s = monotonic()
        if not self.heed_lock(events):
            self.hear(events)
            self._main.take(events)

    # ---- actions --------------------------------------------------------------------------------

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What needs the main screen works where it is on top."""
        if dialogs.is_shown_as("PressDialog", self.screen):
            return False  # the key that is pressed now is to be given to something
        if action in key_words.NEEDS_CHATS:
            is_open = dialogs.is_shown_as("SettingsDialog", self.screen)
            return self.screen is self._main or (is_open and action == "settings")
        return True

    def action_command_palette(self) -> None:
        """The palette, which says in the reader's language what it is for."""
        if not isinstance(self.screen, CommandPalette):
            asks = key_words.PALETTE_PLACEHOLDER
            self.push_screen(CommandPalette(placeholder=asks, id="--command-palette"))

    def action_go_to(self) -> None:
        """The quick switcher."""
        self._main.action_go_to()

    def action_new_chat(self) -> None:
        """Add somebody."""
        self._main.action_new_chat()

    def action_next_unread(self) -> None:
        """Open the next chat with something new."""
        self._main.action_next_unread()

    def action_jump(self) -> None:
        """A letter on everything in sight."""
        self._main.action_jump()

    def action_find(self) -> None:
        """Find in the open conversation."""
        self._main.action_find()

    def action_search_all(self) -> None:
        """Find in all conversations."""
        self._main.action_search_all()

    def action_my_code(self) -> None:
        """Show the user's own code."""
        self._main.action_my_code()

    def action_accounts(self) -> None:
        """Go to another account: this app ends, and whoever runs it opens that one."""
        self._leave_for_another()

    @work(exclusive=True, group="accounts")
    async def _leave_for_another(self) -> None:
        chosen = await self.push_screen_wait(dialogs.AccountDialog(self._stage.accounts))
        if chosen is None or chosen == self._stage.accounts.current:
            return
        try:
            locate_profile(chosen, {})
        except UserError as error:
            self.notify(str(error), severity="warning", markup=False, timeout=4)
        else:
            self.next_account = chosen
            self.exit()

    def action_retry(self) -> None:
        """Connect now."""
        self._main.action_retry()

    def action_toggle_info(self) -> None:
        """Show or hide the info pane."""
        self._main.toggle_class("-no-info")

    def action_help_quit(self) -> None:
        """^c is no way out of a program that holds a half-written message."""
        self.notify(words.quit_hint(self._stage.key_of("quit", "^q")), markup=False, timeout=3)

    def get_system_commands(self, screen: Screen[object]) -> Iterator[SystemCommand]:
        """None of Textual's own: ours are in palette.py."""
        return iter(())

    # ---- what reaches the terminal --------------------------------------------------------------

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Every line passes the control filter, whatever widget drew it."""
        plain = [self._plain] if self._stage.glyphs.is_ascii else []
        return [*super().get_line_filters(), self._control, *plain]

    def push_screen(self, *given: Any, **named: Any) -> Any:
        """Have the look of what lies over the main screen, which the first frame did without."""
        self.stylesheet.add_source(OVER.read_text(encoding="utf-8"), (str(OVER), ""))
        return super().push_screen(*given, **named)

    def refresh_css(self, animate: bool = True) -> None:
        """Read all styles anew, if the colours in them have changed: at the start they haven't."""
        variables = self.get_css_variables()
        if variables != self._styled_by:
            self._styled_by = variables
            super().refresh_css(animate)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Our names, for themes that are not ours."""
        return tints(self.current_theme)

    def on_resize(self) -> None:
        """Draw everything: a terminal resized and back, before we looked, has still lost some."""
        self.refresh()  # Textual draws only what has moved since it last looked

    # ---- ways out -------------------------------------------------------------------------------

    def end(self, exit_code: ExitCode) -> None:
        """Exit in order: the terminal is restored, what runs is cancelled."""
        self.exit(return_code=int(exit_code))

    def _handle_exception(self, error: Exception) -> None:
        """Take a lock that a call ran into for what it is; everything else is a fault of ours."""
        if self.is_end_by_lock(error.error if isinstance(error, WorkerFailed) else error):
            self.exit()
        else:
            super()._handle_exception(error)

    def _fatal_error(self) -> None:
        """Report an error of ours by place alone: values, also in an error's text, are private."""
        error = sys.exc_info()[1] or self._exception
        if isinstance(error, WorkerFailed):
            error = error.error
        self.crash_report = report_of(error)
        self._exit_renderables.append(Text(f"{crash_words.CRASHED}\n\n{self.crash_report}"))
        self._return_code = int(ExitCode.BUG)
        self._close_messages_no_wait()
