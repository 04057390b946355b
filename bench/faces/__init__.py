"""Faces in frames: detection behind one interface, tracks, and the crop rules that are built on them."""
