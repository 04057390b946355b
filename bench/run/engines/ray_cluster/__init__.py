"""The engine that runs clips on the machines of a Ray cluster."""
