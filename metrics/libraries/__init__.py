"""Metrics of piq and pyiqa, by name."""
