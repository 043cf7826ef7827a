"""HTTP/1.1 as far as a relay needs it: to answer who watches it, and to wake devices.

Rule: the only place of the relay that knows h11. Small messages, short deadlines, one request a
connection. Knows nothing of what is said.
"""
