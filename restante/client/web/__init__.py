"""The chat in a browser: who may come in, and the pipe between a page and its chat."""
