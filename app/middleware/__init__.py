"""What happens around every request; plain ASGI, so that nothing is buffered twice."""
