"""face-vid2vid's layers as they run fast on a CPU, with the same numbers."""
