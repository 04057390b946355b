"""What a model raised, in words."""

from __future__ import annotations

from bench.compute.transient import remedy


def raised(error: BaseException) -> str:
    """The name and the text of what a model raised, also where it raised what ends a process."""
    try:
        text = str(error)
    except Exception:
        text = ""
    named = f"{type(error).__name__}: {text}" if text else type(error).__name__
    named += remedy(error)
    return f"{named} (sys.exit() in a model ends its clip only)" if isinstance(error, SystemExit) else named
