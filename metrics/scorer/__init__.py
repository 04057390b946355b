"""One clip under all its settings and metrics, and what is kept of it between runs."""
