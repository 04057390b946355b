"""The format of a run folder: written, read, summarised, and when two may stand side by side."""
