"""Files of any kind: written whole or not at all, and told apart by their digests."""
