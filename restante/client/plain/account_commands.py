"""Commands about the account and the program itself, as lines.

Rule: as in chat_commands.py; what shows a secret is left to the command that is made for it.
Spec: docs/plain.md, section 3.
"""

from __future__ import annotations

from restante.client.hearing import heard
from restante.client.plain import command_words, plain_words
from restante.client.plain.asking import Asking
from restante.client.tui import account_words, key_words
from restante.client.tui.clean import clean_line
from restante.errors import UserError


class Quitting(Exception):  # noqa: N818  (no error: somebody asked for it)
    """The user has had enough."""


class AccountCommands(Asking):
    """Each is called with what stood after its name."""

    async def do_devices(self, rest: str) -> None:
        """The account's devices."""
        await self.say(plain_words.DEVICES)
        for each in await self.engine.devices():
            said = [account_words.THIS_DEVICE] if each.is_this else []
            said += [account_words.FIRST_DEVICE] if each.is_first else []
            said += [account_words.CAPABILITY_KEY] if each.is_key else []
            await self.say(plain_words.device(clean_line(each.name), said))

    async def do_history_here(self, rest: str) -> None:
        """Whether all of the history has come."""
        state = await self.engine.history_state()
        if state.state == "whole":
            await self.say(account_words.HISTORY_WHOLE)
        elif state.state == "coming":
            await self.say(account_words.HISTORY_STATE["coming"].capitalize() + ".")
        else:
            await self.say(clean_line(heard(state.error or account_words.HISTORY_BANNER)))
            await self.say(plain_words.elsewhere("restante device history"))

    async def do_lock(self, rest: str) -> None:
        """Lock now."""
        if (await self.engine.protection()).kept_by != "passphrase":
            raise UserError(plain_words.LOCK_NOT)
        await self.engine.lock()

    async def do_passphrase(self, rest: str) -> None:
        """Where one is set: here everything that is typed can be seen."""
        await self.say(plain_words.elsewhere("restante passphrase set"))

    async def do_recovery(self, rest: str) -> None:
        """Where the kit is shown: these lines may be kept by the terminal."""
        await self.say(plain_words.elsewhere("restante recovery kit --output FILE"))

    async def do_accounts(self, rest: str) -> None:
        """How another account is opened."""
        await self.say(plain_words.elsewhere("restante chat --plain --profile NAME"))

    async def do_settings(self, rest: str) -> None:
        """What you show of yourself, and change of it."""
        name, _, value = rest.partition(" ")
        if value:
            found = await self.engine.set_setting(name, value.strip())
        else:
            found = await self.engine.settings()
        for each, now in found.items():
            if name in {"", each}:
                await self.say(f"{each} {now}")
        if not rest:
            await self.say(plain_words.SETTINGS_HOW)

    async def do_retry(self, rest: str) -> None:
        """Connect now."""
        await self.engine.retry_now()
        await self.say(plain_words.RETRYING)

    async def do_help(self, rest: str) -> None:
        """What there is."""
        await self.say(command_words.HELP)
        for name, says in command_words.LINES_ONLY:
            await self.say(f"/{name}: {says}")
        for title, says, action in key_words.COMMANDS:
            name = action.rpartition(".")[2]
            if hasattr(self, f"do_{name}"):
                says = command_words.SAYS.get(name, says)  # noqa: PLW2901  (ours goes before)
                await self.say(f"/{key_words.slash_name(title)}: {says}")

    async def do_quit(self, rest: str) -> None:
        """End."""
        raise Quitting
