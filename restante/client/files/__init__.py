"""Files that messages carry: sealed, sent, fetched, kept and shown."""
