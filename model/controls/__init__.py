"""Measurements that take minutes: made once, committed with how they were made, and shown on the page."""
