"""Tables, plots and the page: what people hand on, made from run folders and from nothing else."""
