"""How a rendered person moves and speaks."""
