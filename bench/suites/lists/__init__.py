"""Published lists of clips, each in its own format."""
