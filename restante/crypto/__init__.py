"""Cryptography of Restante: keys in, envelopes out, nothing else.

Pure: no I/O, no clock (times are passed in as whole seconds), no global state. Randomness comes
through one seam (`randomness.Randomness`). Imports `restante.protocol` and `restante.errors` only.

Spec: docs/cryptography.md. The relay may import `restante.crypto.signatures` and nothing more.
"""
