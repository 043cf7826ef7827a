"""What can be said beside a text: changes of messages, places, cards, timers, signals of a moment.

Rule: what changes a message is folded from all that is known of it, never from the order in which
it came; so all devices show the same. Spec: docs/engine.md, section 13; docs/protocol/content.md.
"""
