"""Renames since the record was made, applied to the recorded side before comparing.

A rename listed here vanishes from the comparison, so that only real differences remain. Recording again empties the
need for them: then clear the tables.
"""

KEYS: dict[str, str] = {"peak_rate": "max_learning_rate", "average_decay": "ema_decay"}
"""Old JSON key → new key; ``operation/key`` renames in one operation's files only."""

STRINGS: dict[str, str] = {}
"""Old string → new string, where it is the whole value or the whole name of a control."""

TEXTS: dict[str, str] = {}
"""Old text → new text anywhere in a string, in this order, after `STRINGS`."""
