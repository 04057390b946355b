"""Tables as text: Markdown, CSV, LaTeX, JSON, HTML."""
