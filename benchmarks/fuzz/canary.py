"""What hostile pickles of the fuzz run name. No reader ever imports it: that it was imported means that code ran."""


def sing(*words: object) -> None:
    """Never called."""
