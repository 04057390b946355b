"""Parts of a suite that machines run without knowing of each other, and what makes them one run."""
