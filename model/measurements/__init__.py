"""Measurements that take minutes: run once, committed with their settings, and shown on the page."""
