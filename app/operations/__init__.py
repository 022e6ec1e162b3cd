"""The operations of the API, one file each: request, response and route. No operation imports another."""

API = "/api/v1"
