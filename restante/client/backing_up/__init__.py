"""Backups: one encrypted file with the history, written, checked and taken in again."""
