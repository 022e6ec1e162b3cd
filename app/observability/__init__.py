"""Log lines and metrics for operators; they never contain a drawing."""
