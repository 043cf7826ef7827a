"""What the palette's commands are called: a part of words.py. Pure.

Rule: a command says what it does and what it does not. Spec: docs/tui.md, section 5.
"""

from __future__ import annotations

from typing import Final

COMMANDS: Final = (
    ("Chat: Go to", "Find a chat by name or address", "app.go_to"),
    ("Chat: Find", "Words in this chat, from match to match", "app.find"),
    ("Chat: Next match", "Of what was looked for last", "screen.next_match"),
    ("Chat: Search all", "Words in all chats, by person, time and type", "app.search_all"),
    ("Chat: New", "Paste a code or type an address", "app.new_chat"),
    ("Chat: Rename", "Your own name for a contact; a group's for everybody", "screen.rename"),
    ("Chat: Disappearing messages", "How long messages stay", "screen.timer"),
    ("Chat: Mute", "Say nothing of it for a while; they can't tell", "screen.mute"),
    ("Chat: Notices", "Of all messages, of those that name you, or of none", "screen.alerts"),
    ("Chat: Keep at the top", "Or let it go back to its place", "screen.pin_chat"),
    ("Chat: Archive", "Put it away, or take it out again", "screen.archive"),
    ("Chat: Unread", "Come back to it later, or have it read", "screen.mark_unread"),
    ("Chat: Show archived", "What was put away, or the others again", "screen.show_archived"),
    ("Chat: Next unread", "Open the next chat with something new", "app.next_unread"),
    ("Chat: Pinned messages", "Choose one to go there", "screen.pinned"),
    ("Chat: Send a contact", "Somebody's address, and whose it must be", "screen.send_contact"),
    ("Chat: Send a file", "Encrypted before it leaves; up to 5 GiB", "screen.send_file"),
    ("View: Where I am", "How far places are from there; told nobody", "screen.where_i_am"),
    ("Chat: Media and files", "All that was sent here, newest first", "screen.media"),
    ("Chat: Send a place", "Where it is, or where you are for a while", "screen.send_place"),
    ("Group: New group", "Choose a name, and who is in it", "screen.new_group"),
    ("Group: Members", "Who is in it, with which role", "screen.members"),
    ("Group: Add people", "They see what is written from now on", "screen.add_members"),
    ("Group: Describe", "Say what it is for", "screen.describe"),
    ("Group: Who may write", "Everybody, members, admins or owners", "screen.posting"),
    ("Group: Leave", "What was said stays on your devices", "screen.leave_group"),
    ("Message: Send again", "What was not sent", "screen.retry_message"),
    ("Message: Discard", "What was not sent", "screen.discard_message"),
    ("Security: Why is sending paused?", "What a changed key means", "screen.why"),
    ("Message: Answer", "The selected message", "screen.reply"),
    ("Message: Edit", "What the selected message says", "screen.edit"),
    ("Message: React", "Put an emoji on the selected message", "screen.react"),
    ("Message: Pin", "For both of you, or take that back", "screen.pin"),
    ("Message: Save its file", "Or fetch it, or fetch it no more", "screen.save_file"),
    ("Message: Copy", "The text of the selected message", "screen.copy"),
    ("Message: Delete", "For everyone, or for you", "screen.delete"),
    ("Message: Earlier versions", "What an edited message said before", "screen.versions"),
    ("Message: What became of it", "Device by device", "screen.why_message"),
    ("Message: Open", "Its link, what it answers, or whom it names", "screen.open"),
    ("Message: Move live place", "Where you are now, or stop", "screen.move_place"),
    ("Message: Write in your editor", "What $VISUAL or $EDITOR names", "screen.editor"),
    ("Message: Send later", "What is written, at a time", "screen.send_later"),
    ("Message: What is sent later", "Change it or take it back", "screen.scheduled"),
    ("Message: Take back", "What has not gone out yet; it is in the box again", "screen.take_back"),
    ("Message: Go to a date", "The first message of a day", "screen.go_to_date"),
    ("Message: Newest", "Go to the end of the conversation", "screen.latest"),
    ("Security: Verify contact", "Compare safety numbers", "screen.verify"),
    ("Security: Show my code", "For others to scan or paste", "app.my_code"),
    ("Security: Accept", "Accept this request or the new key", "screen.accept"),
    ("Security: Block contact", "They can't tell", "screen.block"),
    ("Security: Begin new sessions", "When messages can't be read", "screen.begin_anew"),
    ("Security: Lock now", "Until the passphrase is typed again", "app.lock"),
    ("Security: Passphrase", "Set one for this device, or another one", "app.passphrase"),
    ("Security: Recovery kit", "24 words that bring a lost account back", "screen.recovery"),
    ("Devices: Yours", "Link a new one, rename, revoke", "screen.devices"),
    (
        "Devices: History here",
        "Whether all of it has come, and who may have the rest",
        "screen.history",
    ),
    ("Accounts: Go to another", "Another profile of this machine, or a new one", "app.accounts"),
    ("View: Jump", "A letter on everything in sight", "app.jump"),
    ("View: Info pane", "Show or hide it, where there is room", "app.toggle_info"),
    ("View: Light or dark", "Change the theme", "app.toggle_dark"),
    ("App: Retry connection", "Connect now", "app.retry"),
    ("App: Settings", "Privacy, looks, keys", "app.settings"),
    ("App: Keys", "What every key does, and other ones", "app.keys"),
    ("App: Help", "The keys that work here", "app.help"),
    ("App: Quit", "Messages in the outbox are kept", "app.quit"),
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
