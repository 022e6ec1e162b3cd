"""Searching for what breaks the service: see `fuzz.__main__`."""

TARGETS = ("image", "drawing", "strokes", "live", "inference")
"""What is fed with bytes, in `fuzz.decoders`."""
