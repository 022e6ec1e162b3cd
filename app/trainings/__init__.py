"""Visitors' training runs."""
