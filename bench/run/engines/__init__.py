"""Where clips run: in this process, in several, or on other machines."""
