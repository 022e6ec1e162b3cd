"""Searching for what breaks the service: see `fuzz.__main__`."""
