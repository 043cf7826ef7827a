"""The blind relay: mailboxes of envelopes it can't read. Never imports client, nor any cipher."""
