"""What can be done about a contact: verify, accept, block, rename, find and add.

Rule: every call of the engine is a worker; a refusal becomes a sentence, and nothing that weakens
security happens on one key. Spec: docs/tui.md, section 2.
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, Final

from textual.screen import Screen

from restante.client.hearing import heard
from restante.client.interface import Contact, ContactState, Conversation, GroupAsked, Trust
from restante.client.tui import account_words, contact_words, dialogs, group_words, words
from restante.client.tui.bridge import ask
from restante.client.tui.chats import Chats
from restante.client.tui.clean import clean_line
from restante.client.tui.dialog import ConfirmDialog, LineDialog, TextDialog
from restante.client.tui.entry_parts import duration
from restante.client.tui.stage import Stage
from restante.errors import RestanteError, UserError

TIMERS_S: Final = (0, 300, 3_600, 86_400, 7 * 86_400, 28 * 86_400)
"""How long messages stay, as a choice; 0: for ever."""


class ContactActions(Screen[None]):
    """The actions; whoever inherits says what is open and opens."""

    def __init__(self, stage: Stage, chats: Chats) -> None:
        super().__init__()
        self._stage = stage
        self._chats = chats

    @property
    def conversation(self) -> Conversation | None:
        """What is open."""
        raise NotImplementedError

    @property
    def subject(self) -> Conversation | None:
        """What keys act on: under the cursor in the list of chats, else what is open."""
        raise NotImplementedError

    def open_conversation(self, key: str) -> None:
        """Open another one."""
        raise NotImplementedError

    def act(self, work: Coroutine[Any, Any, None], *, group: str = "actions") -> None:
        """Do something that waits for the engine or the user, and say so if it is refused."""
        self.run_worker(self._attempt(work), group=group)

    async def _attempt(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except UserError as error:
            self.say(str(error), is_warning=True)
        except RestanteError:
            self.say(words.FAILED, is_warning=True)

    def say(self, sentence: str, *, is_warning: bool = False) -> None:
        """Show a sentence for a moment."""
        self.notify(
            clean_line(sentence),
            severity="warning" if is_warning else "information",
            markup=False,
            timeout=4,
        )

    # ---- finding --------------------------------------------------------------------------------

    def action_go_to(self) -> None:
        """The quick switcher."""
        self.act(self._go_to())

    async def _go_to(self) -> None:
        choice = await self.app.push_screen_wait(dialogs.GoToDialog(self._chats))
        if choice is None:
            return
        if choice.startswith(dialogs.START):
            await self._new_chat(choice.removeprefix(dialogs.START))
        else:
            self.open_conversation(choice)

    def action_new_chat(self) -> None:
        """Add somebody."""
        self.act(self._new_chat(""))

    async def _new_chat(self, value: str) -> None:
        contact = await self.app.push_screen_wait(dialogs.NewChatDialog(self._stage, value))
        if contact == dialogs.GROUP:
            self.action_new_group()
        elif isinstance(contact, GroupAsked):
            await self.follow_up(contact)
        elif isinstance(contact, Contact):
            await self.know_contact(contact.key)
            self.open_conversation(contact.key)

    async def know_contact(self, key: str) -> None:
        """Have a new contact in the list, even before its event comes."""
        if self._chats.get(key) is None:
            for conversation in await ask(self._stage.engine.conversations):
                if conversation.key == key:
                    self._chats.update(conversation)

    def action_new_group(self) -> None:
        """Begin a group."""
        raise NotImplementedError

    async def follow_up(self, came: GroupAsked) -> None:
        """Open the group that an invite led to, or say who was asked."""
        raise NotImplementedError

    def action_my_code(self) -> None:
        """Show the user's own code."""
        self.app.push_screen(dialogs.MyCodeScreen(self._stage))

    def action_recovery(self) -> None:
        """The recovery kit: shown, and confirmed."""
        self.act(self._recover())

    async def _recover(self) -> None:
        engine = self._stage.engine
        kit, asked = await ask(engine.recovery_kit), await ask(engine.recovery_challenge)
        if await self.app.push_screen_wait(dialogs.RecoveryDialog(self._stage, kit, asked)):
            self.say(account_words.RECOVERY_DONE)
        self.forget_reminder()

    def forget_reminder(self) -> None:
        """Don't speak of the recovery kit again, this time."""
        raise NotImplementedError

    def action_history(self) -> None:
        """What of the history was lost, and who may have it."""
        self.act(self._history())

    async def _history(self) -> None:
        engine = self._stage.engine
        state = await ask(engine.history_state)
        if state.state == "whole":
            self.say(account_words.HISTORY_WHOLE)
            return
        others = [device for device in await ask(engine.devices) if not device.is_this]
        choices = [
            (device.id, account_words.ask_for_history(clean_line(device.name))) for device in others
        ]
        dialog = dialogs.ChoiceDialog(
            account_words.HISTORY_TITLE,
            clean_line(heard(state.error or account_words.HISTORY_BANNER)),
            [*choices, ("", account_words.HISTORY_LEAVE)],
        )
        chosen = await self.app.push_screen_wait(dialog)
        if chosen:
            await ask(engine.history_ask, device=chosen)
            self.say(account_words.HISTORY_ASKED)
        elif chosen is not None:
            await ask(engine.history_dismiss)
            self.say(account_words.HISTORY_LEFT)

    def action_devices(self) -> None:
        """The account's devices."""
        self.app.push_screen(dialogs.DevicesDialog(self._stage))

    # ---- the open contact -----------------------------------------------------------------------

    def action_verify(self) -> None:
        """Compare safety numbers."""
        if self.subject is not None:
            self.act(self._verify(self.subject))

    async def _verify(self, conversation: Conversation) -> None:
        engine, key = self._stage.engine, conversation.key
        number = await ask(engine.safety_number, key)
        dialog = dialogs.SafetyNumberDialog(self._stage, conversation, number)
        digits = await self.app.push_screen_wait(dialog)
        if digits is not None:
            # What was read, not what is so by now: the key may have changed meanwhile.
            await ask(engine.set_verified, key, verified=bool(digits), digits=digits or None)
            name = clean_line(conversation.title)
            self.say(
                contact_words.marked_verified(name)
                if digits
                else contact_words.marked_unverified(name)
            )

    def action_accept(self) -> None:
        """Accept a request, a changed key, or somebody who was blocked."""
        conversation = self.subject
        if conversation is None:
            return
        if conversation.trust is Trust.CHANGED:
            self.act(self._accept_key(conversation))
        elif conversation.contact in {ContactState.REQUEST, ContactState.BLOCKED}:
            self.act(self._accept_contact(conversation))

    async def _accept_contact(self, conversation: Conversation) -> None:
        await ask(self._stage.engine.contact_accept, conversation.key)
        self.say(contact_words.accepted(conversation.title))
        self.open_conversation(conversation.key)

    async def _accept_key(self, conversation: Conversation) -> None:
        dialog = LineDialog(
            contact_words.ACCEPT_KEY_TITLE,
            contact_words.accept_key(clean_line(conversation.title)),
            must_be=contact_words.ACCEPT_KEY_WORD,
        )
        if await self.app.push_screen_wait(dialog) is not None:
            # What goes on may be another conversation: one is with one key.
            contact = await ask(self._stage.engine.accept_key, conversation.key)
            self.say(contact_words.accepted(conversation.title))
            await self.know_contact(contact.key)
            self.open_conversation(contact.key)

    def action_why(self) -> None:
        """Explain a changed key."""
        self.app.push_screen(
            TextDialog(contact_words.KEY_CHANGED_TITLE, contact_words.KEY_CHANGED_WHY)
        )

    def action_block(self) -> None:
        """Block, after asking."""
        if self.subject is not None:
            self.act(self._block(self.subject))

    async def _block(self, conversation: Conversation) -> None:
        name = clean_line(conversation.title)
        if await self.app.push_screen_wait(
            ConfirmDialog(contact_words.BLOCK_TITLE, contact_words.block(name))
        ):
            await ask(self._stage.engine.contact_block, conversation.key)
            self.say(contact_words.was_blocked(name))

    def action_begin_anew(self) -> None:
        """Begin new sessions, after asking."""
        if self.subject is not None:
            self.act(self._begin_anew(self.subject))

    async def _begin_anew(self, conversation: Conversation) -> None:
        name = clean_line(conversation.title)
        if await self.app.push_screen_wait(
            ConfirmDialog(contact_words.ANEW_TITLE, contact_words.anew(name))
        ):
            await ask(self._stage.engine.contact_reset, conversation.key)
            self.say(contact_words.has_begun_anew(name))

    def action_timer(self) -> None:
        """Choose how long messages of this conversation stay."""
        if self.subject is not None:
            self.act(self._set_timer(self.subject))

    async def _set_timer(self, conversation: Conversation) -> None:
        now_s = conversation.timer_s
        choices = [(each, duration(each) or words.TIMER_OFF) for each in sorted({*TIMERS_S, now_s})]
        says = words.TIMER_TEXT if conversation.group is None else group_words.TIMER_TEXT
        dialog = dialogs.ChoiceDialog(words.TIMER_TITLE, says, choices, chosen=now_s)
        timer_s = await self.app.push_screen_wait(dialog)
        if timer_s is not None and timer_s != conversation.timer_s:
            await ask(self._stage.engine.set_timer, conversation.key, timer_s=timer_s)

    def action_rename(self) -> None:
        """Give the contact one's own name."""
        if self.subject is not None:
            self.act(self._rename(self.subject))

    async def _rename(self, conversation: Conversation) -> None:
        title, address = clean_line(conversation.title), clean_line(conversation.address)
        dialog = LineDialog(
            contact_words.RENAME_TITLE,
            contact_words.RENAME_TEXT,
            value="" if title == address else title,
            placeholder=address,
        )
        name = await self.app.push_screen_wait(dialog)
        if name is not None:
            contact = await ask(self._stage.engine.contact_rename, conversation.key, name)
            self.say(contact_words.now_called(contact.petname or contact.address))
