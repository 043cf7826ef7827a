"""Waking devices that are away: one request without content to where they asked for it.

Rule: the request says nothing but that something came; the endpoint may be anybody's, so it is
asked with care (attack: a relay that fetches addresses of its own network for a stranger).
Spec: docs/protocol/relay.md, section 13.
"""
