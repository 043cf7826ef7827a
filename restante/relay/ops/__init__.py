"""What an operator does with a relay: back it up, restore it, look after accounts, look for faults.

Rule: beside the relay's one job, never in its way; what is shown names accounts, which the relay
knows, and nobody's contacts. Spec: docs/relay.md, section 9.
"""
