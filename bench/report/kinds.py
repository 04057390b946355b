"""What a report can be made of, by the words of the command line."""

from __future__ import annotations

FORMATS = ("md", "csv", "latex", "html", "json")


PLOTS = ("bars", "curves", "distributions", "correlation", "sweep", "pose", "radar")
