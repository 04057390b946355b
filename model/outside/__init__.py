"""Predictions that are made outside this process: folders of videos, commands, a codec."""
