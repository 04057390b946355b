"""How a rendered person becomes pixels."""
