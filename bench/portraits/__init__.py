"""Synthetic talking portraits whose pose, lips and sound are known to the frame.

Only `truth` is needed to use the shipped suite, and it needs numpy alone. Everything else renders, and needs the extra
`portraits`: numba for the rasteriser and, for speech, espeak-ng.
"""
