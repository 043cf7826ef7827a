"""What the palette's commands are called: a part of words.py. Pure.

Rule: a command says what it does and what it does not. Spec: docs/tui.md, section 5.
"""

from __future__ import annotations

from typing import Final

from restante.client.language import _, mark

PALETTE_PLACEHOLDER: Final = _("Search for commands…")
NO_COMMAND: Final = _("No command is called so")
NO_COMMAND_HELP: Final = _("Try another word; Enter shows what every key does")
COMMANDS: Final = (
    (mark("Chat: Go to"), _("Find a chat by name or address"), "app.go_to"),
    (mark("Chat: Find"), _("Words in this chat, from match to match"), "app.find"),
    (mark("Chat: Next match"), _("Of what was looked for last"), "screen.next_match"),
    (mark("Chat: Search all"), _("Words in all chats, by person, time and type"), "app.search_all"),
    (mark("Chat: Mentions"), _("What names you or answers you, in all chats"), "screen.mentions"),
    (mark("Chat: New"), _("Paste a code or type an address"), "app.new_chat"),
    (
        mark("Chat: Rename"),
        _("Your own name for a contact; a group's for everybody"),
        "screen.rename",
    ),
    (mark("Chat: Disappearing messages"), _("How long messages stay"), "screen.timer"),
    (mark("Chat: Mute"), _("Say nothing of it for a while; they can't tell"), "screen.mute"),
    (
        mark("Chat: Notices"),
        _("Of all messages, of those that name you, or of none"),
        "screen.alerts",
    ),
    (mark("Chat: Keep at the top"), _("Or let it go back to its place"), "screen.pin_chat"),
    (mark("Chat: Archive"), _("Put it away, or take it out again"), "screen.archive"),
    (mark("Chat: Unread"), _("Come back to it later, or have it read"), "screen.mark_unread"),
    (
        mark("Chat: Show archived"),
        _("What was put away, or the others again"),
        "screen.show_archived",
    ),
    (mark("Chat: Next unread"), _("Open the next chat with something new"), "app.next_unread"),
    (mark("Chat: Pinned messages"), _("Choose one to go there"), "screen.pinned"),
    (
        mark("Chat: Send a contact"),
        _("Somebody's address, and whose it must be"),
        "screen.send_contact",
    ),
    (mark("Chat: Send a file"), _("Encrypted before it leaves; up to 5 GiB"), "screen.send_file"),
    (mark("Chat: Voice note"), _("Recorded here; needs the extra voice"), "screen.record_voice"),
    (
        mark("Chat: Fetch files"),
        _("Which of this chat come by themselves"),
        "screen.fetching",
    ),
    (
        mark("Chat: Paste a picture"),
        _("Out of the desktop's clipboard"),
        "screen.paste_picture",
    ),
    (
        mark("View: Where I am"),
        _("How far places are from there; told nobody"),
        "screen.where_i_am",
    ),
    (mark("Chat: Media and files"), _("All that was sent here, newest first"), "screen.media"),
    (
        mark("Chat: Send a place"),
        _("Where it is, or where you are for a while"),
        "screen.send_place",
    ),
    (
        mark("Chat: Poll"),
        _("A question to everybody here, and two to twelve answers"),
        "screen.send_poll",
    ),
    (mark("Group: New group"), _("Choose a name, and who is in it"), "screen.new_group"),
    (mark("Group: Members"), _("Who is in it, with which role"), "screen.members"),
    (mark("Group: Add people"), _("They see what is written from now on"), "screen.add_members"),
    (mark("Group: Describe"), _("Say what it is for"), "screen.describe"),
    (mark("Group: Picture"), _("Show one beside its name, to everybody in it"), "screen.picture"),
    (mark("Group: Who may write"), _("Everybody, members, admins or owners"), "screen.posting"),
    (mark("Group: Who calls all"), _("Whose @all is for everybody"), "screen.calling"),
    (mark("Group: Invite by link"), _("For how long, for how many people"), "screen.invite"),
    (mark("Group: Invites"), _("Shown, copied, revoked"), "screen.invites"),
    (mark("Group: Who asks to come in"), _("Let them in, or say no"), "screen.asking"),
    (mark("Group: Join by link"), _("Follow an invite to a group"), "screen.join_group"),
    (mark("Space: New space"), _("It holds channels, for the same people"), "screen.new_space"),
    (mark("Space: New channel"), _("Everybody in the space is in it"), "screen.new_channel"),
    (mark("Space: Channels"), _("Opened, moved, listed or not"), "screen.channels"),
    (mark("Group: Leave"), _("What was said stays on your devices"), "screen.leave_group"),
    (mark("Message: Send again"), _("What was not sent"), "screen.retry_message"),
    (mark("Message: Discard"), _("What was not sent"), "screen.discard_message"),
    (mark("Security: Why is sending paused?"), _("What a changed key means"), "screen.why"),
    (mark("Message: Answer"), _("The selected message"), "screen.reply"),
    (mark("Message: Thread"), _("The answers to it, beside the chat"), "screen.thread"),
    (mark("Message: Edit"), _("What the selected message says"), "screen.edit"),
    (mark("Message: React"), _("Put an emoji on the selected message"), "screen.react"),
    (mark("Message: Pin"), _("For both of you, or take that back"), "screen.pin"),
    (mark("Message: Forward"), _("To other chats, as a message of yours"), "screen.forward"),
    (mark("Message: Save its file"), _("Or fetch it, or fetch it no more"), "screen.save_file"),
    (mark("Message: Copy"), _("The text of the selected message"), "screen.copy"),
    (mark("Message: Delete"), _("For everyone, or for you"), "screen.delete"),
    (mark("Message: Earlier versions"), _("What an edited message said before"), "screen.versions"),
    (mark("Message: What became of it"), _("Device by device"), "screen.why_message"),
    (mark("Message: Open"), _("Its link, what it answers, or whom it names"), "screen.open"),
    (mark("Message: Vote"), _("In the selected poll, or change your vote"), "screen.vote"),
    (mark("Message: Close poll"), _("Nobody can vote any more then"), "screen.close_poll"),
    (mark("Message: Move live place"), _("Where you are now, or stop"), "screen.move_place"),
    (mark("Message: Write in your editor"), _("What $VISUAL or $EDITOR names"), "screen.editor"),
    (mark("Message: Send later"), _("What is written, at a time"), "screen.send_later"),
    (mark("Message: What is sent later"), _("Change it or take it back"), "screen.scheduled"),
    (
        mark("Message: Take back"),
        _("What has not gone out yet; it is in the box again"),
        "screen.take_back",
    ),
    (mark("Voice: Five seconds back"), _("In the voice note that is heard"), "screen.hear_back"),
    (mark("Voice: Five seconds on"), _("In the voice note that is heard"), "screen.hear_on"),
    (mark("Voice: Slower"), _("Down to half as fast"), "screen.hear_slower"),
    (mark("Voice: Faster"), _("Up to twice as fast"), "screen.hear_faster"),
    (mark("Voice: End it"), _("The voice note that is heard"), "screen.hear_end"),
    (mark("Message: Go to a date"), _("The first message of a day"), "screen.go_to_date"),
    (mark("Message: Newest"), _("Go to the end of the conversation"), "screen.latest"),
    (mark("Security: Verify contact"), _("Compare safety numbers"), "screen.verify"),
    (mark("Security: Show my code"), _("For others to scan or paste"), "app.my_code"),
    (mark("Security: Accept"), _("Accept this request or the new key"), "screen.accept"),
    (mark("Security: Block contact"), _("They can't tell"), "screen.block"),
    (mark("Security: Begin new sessions"), _("When messages can't be read"), "screen.begin_anew"),
    (mark("Security: Lock now"), _("Until the passphrase is typed again"), "app.lock"),
    (mark("Security: Passphrase"), _("Set one for this device, or another one"), "app.passphrase"),
    (
        mark("Security: Recovery kit"),
        _("24 words that bring a lost account back"),
        "screen.recovery",
    ),
    (mark("Devices: Yours"), _("Link a new one, rename, revoke"), "screen.devices"),
    (
        mark("Devices: History here"),
        _("Whether all of it has come, and who may have the rest"),
        "screen.history",
    ),
    (
        mark("Accounts: Go to another"),
        _("Another profile of this machine, or a new one"),
        "app.accounts",
    ),
    (mark("View: Jump"), _("A letter on everything in sight"), "app.jump"),
    (mark("View: Info pane"), _("Show or hide it, where there is room"), "app.toggle_info"),
    (mark("View: Light or dark"), _("Change the theme"), "app.toggle_dark"),
    (mark("App: Retry connection"), _("Connect now"), "app.retry"),
    (mark("App: Settings"), _("Privacy, looks, keys"), "app.settings"),
    (mark("App: Keys"), _("What every key does, and other ones"), "app.keys"),
    (mark("App: Help"), _("The keys that work here"), "app.help"),
    (mark("App: Quit"), _("Messages in the outbox are kept"), "app.quit"),
)
"""Title, help and action of the palette's commands."""

NEEDS_CHATS: Final = frozenset(
    {
        "accounts",
        "find",
        "go_to",
        "jump",
        "my_code",
        "new_chat",
        "passphrase",
        "next_unread",
        "retry",
        "search_all",
        "settings",
        "toggle_info",
    }
)
"""Actions that are offered where the chats are on screen."""


def slash_name(title: str) -> str:
    """Return a command's name after a stroke: `Chat: Go to` is `go-to`."""
    return title.rpartition(": ")[2].lower().replace(" ", "-")
