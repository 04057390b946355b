"""Decoded pictures on their way to frames: whole, in SDR, upright, of one shape."""
