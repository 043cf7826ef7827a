"""The commands that people type, by what they are about: names, options and their meaning."""
