"""Explanations: why a network answers as it does, down to one multiplication."""
