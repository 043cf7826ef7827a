"""One account on several devices: what each of them tells the others, and how they agree."""
