"""What all values of the interface have in common, and how a conversation is named in them.

Rule: made of plain types, so that the same schema is the JSON of the command line and of JSON-RPC;
fields are only ever added. Texts are safe in a terminal. Spec: docs/engine.md, section 2.
"""

from __future__ import annotations

from msgspec import Struct

ConversationKey = str
"""Names a conversation inside one profile: stable, opaque, safe in a shell word."""


class View(Struct, frozen=True, kw_only=True, omit_defaults=False):
    """Base of all that is shown."""
