"""Tables as data, before any format."""
