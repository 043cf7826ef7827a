"""A voice note while it is heard: where one is in it, further, back, faster, slower.

Rule: each of these has it decoded anew from there on, apart, and keeps none of it; only one is
heard at a time. Spec: docs/tui.md, section 4.
"""

from __future__ import annotations

import binascii
import threading
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Final

import trio
from textual.content import Content
from textual.timer import Timer

from restante.client.interface import Message, Sound
from restante.client.tui import file_words, words
from restante.client.tui.bars import SignLine
from restante.client.tui.bridge import ask
from restante.client.tui.clean import clean_line
from restante.client.tui.stage import Stage
from restante.client.tui.text_line import clickable, hint
from restante.client.tui.wrap import cells, shorten

STEP_S: Final = 5.0
SPEEDS: Final = (0.5, 0.75, 1.0, 1.25, 1.5, 2.0)
USUAL_SPEED: Final = 1.0
DRAW_EVERY_S: Final = 1.0

KEYS: Final = (
    ("screen.hear_back", "Left", file_words.HEAR_BACK),
    ("screen.hear_on", "Right", file_words.HEAR_ON),
    ("screen.hear_slower", "[", file_words.HEAR_SLOWER),
    ("screen.hear_faster", "]", file_words.HEAR_FASTER),
    ("screen.hear_end", "o", file_words.HEAR_END),
)
"""Action, usual key and what it does."""


class VoicePlayer:
    """Plays one voice note at a time; `changed` is told whenever what is heard is another."""

    def __init__(self, stage: Stage, changed: Callable[[], None]) -> None:
        self.message: Message | None = None
        """What is heard now."""
        self.speed = USUAL_SPEED
        """It stays for the next one."""
        self._stage = stage
        self._changed = changed
        self._from_s = 0.0
        self._began: datetime | None = None
        self._over = threading.Event()
        self._goes_on = False

    @property
    def length_s(self) -> float | None:
        """How long it is, by its sender's word."""
        file = None if self.message is None else self.message.file
        return None if file is None else file.duration_s

    @property
    def at_s(self) -> float:
        """Where one is in it."""
        passed_s = 0.0
        if self._began is not None:
            passed_s = (self._stage.now() - self._began).total_seconds() * self.speed
        return min(self._from_s + max(0.0, passed_s), self.length_s or float("inf"))

    async def play(self, message: Message) -> None:
        """Play it to its end, or until `end`. UserError: it can't be heard here."""
        is_busy, self.message = self.message is not None, message
        if is_busy:
            self._go_on(0.0)  # whoever plays the other goes on with this one
            return
        self._from_s = 0.0
        try:
            while True:
                over = self._over = threading.Event()
                self._goes_on, self._began = False, None
                sound = await ask(
                    self._stage.engine.file_sound,
                    self.message.id,
                    speed=self.speed,
                    from_s=self._from_s,
                )
                if not over.is_set():
                    self._began = self._stage.now()
                    self._changed()
                    await ask(_play, partial(self._stage.play, is_over=over.is_set), sound)
                if not self._goes_on:
                    return
        finally:
            self._over.set()
            self.message = None
            self._changed()

    def end(self) -> None:
        """Have it end."""
        self._goes_on = False
        self._over.set()

    def go(self, by_s: float) -> None:
        """Go on, or back, by so many seconds; past its end it ends."""
        to_s = max(0.0, self.at_s + by_s)
        if self.length_s is not None and to_s >= self.length_s:
            self.end()
        else:
            self._go_on(to_s)

    def change_speed(self, by: int) -> None:
        """Play it so many steps faster, or slower."""
        at = SPEEDS.index(self.speed) + by
        if 0 <= at < len(SPEEDS):
            here_s = self.at_s
            self.speed = SPEEDS[at]
            self._go_on(here_s)

    def _go_on(self, from_s: float) -> None:
        self._from_s, self._began, self._goes_on = from_s, None, True
        self._over.set()
        self._changed()


async def _play(play: Callable[..., None], sound: Sound) -> None:
    samples = binascii.a2b_base64(sound.samples)
    heard = partial(play, samples, rate=sound.rate)
    # Whoever cancels also says that it is over, and the thread ends by itself.
    await trio.to_thread.run_sync(heard, abandon_on_cancel=True)


class VoiceLine(SignLine):
    """Where one is in what is heard, and the keys for it; out of sight while nothing is."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage, id="voice")
        self.player = VoicePlayer(stage, self.draw)
        self._timer: Timer | None = None

    def draw(self) -> None:
        """Draw it as things stand; each second while something is heard."""
        message = self.player.message
        self.display = message is not None
        if message is None:
            if self._timer is not None:
                self._timer.stop()
                self._timer = None
            return
        if self._timer is None:
            self._timer = self.set_interval(DRAW_EVERY_S, self.draw)
        keys = Content("  ").join(
            clickable(hint(key, label), action).stylize("bold $warning", 0, len(key))
            for action, key, label in (
                (action, self._stage.key_of(action, usual), label) for action, usual, label in KEYS
            )
        )
        stands = file_words.heard_so_far(self.player.at_s, self.player.length_s, self.player.speed)
        name = words.YOU if message.sender.is_me else clean_line(message.sender.name)
        room = self.content_size.width - cells(stands) - keys.cell_length - 4
        dots = self._stage.glyphs.ellipsis
        name = shorten(name, room, ellipsis=dots) if room > len(dots) else ""
        said = "  ".join(filter(None, [name, stands]))
        self.update(Content.assemble((said, "bold $primary"), "  ", keys))
