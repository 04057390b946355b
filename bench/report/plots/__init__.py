"""Plots and strips of frames."""
