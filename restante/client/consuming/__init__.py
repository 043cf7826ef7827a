"""The feed as programs consume it: each under a name, with a place of its own."""
