"""Statistics of natural scenes: what the two kinds of NIQE share."""
