"""Fuzzing of the service: see `fuzz.__main__`."""

TARGETS = ("image", "drawing", "strokes", "live", "inference")
"""Names of the decoders in `fuzz.decoders` that are tested with random bytes."""
