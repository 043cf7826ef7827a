"""The devices of one account: how one is linked, listed, renamed and revoked."""
