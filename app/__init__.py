"""The service: a FastAPI application around the networks of `model`."""

__version__ = "1.0.0"
