"""Convolutions with fewer multiplications than their definition has, by the minimal filtering of Toom, Cook, Winograd.

`transforms` has the matrices; three layouts of the work use them: over the frames of a stream (`frame_convolution`),
over whole batches of pictures (`tiled_convolution`), and over maps and volumes in chunks (`chunked_convolution`).
"""
