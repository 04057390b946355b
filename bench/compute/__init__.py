"""How arithmetic runs fast here and gives the same number: cores, batches, convolutions."""
