"""Finding messages again: by words, person, time and kind, and by date."""
