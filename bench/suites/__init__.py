"""Which clips, from where, how they were prepared; published lists and published numbers."""
