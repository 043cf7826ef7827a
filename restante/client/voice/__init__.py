"""Voice notes: recorded, encoded and played on this machine. Needs the extra `voice`."""
