"""The benchmark's machinery, room by room (docs/architecture.md), and the version of the whole."""

__version__ = "0.1.0"
