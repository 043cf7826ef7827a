"""The protocol as data: what travels, and in which order. Pure: no I/O, no clock, no keys.

Rule: bytes in, values out; garbage raises `RemoteProtocolError` and nothing else.
Spec: docs/protocol/.
"""
