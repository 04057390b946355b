"""Two sets of frames as clouds of features: what FID and KID share."""
