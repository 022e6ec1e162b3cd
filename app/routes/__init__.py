"""HTTP to services and back. Routes carry arrays from codec to service unopened."""

API = "/api/v1"
