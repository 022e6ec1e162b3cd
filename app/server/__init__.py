"""uvicorn protocols with deadlines and limits of their own."""
