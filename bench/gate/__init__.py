"""Two results in, a verdict out."""
