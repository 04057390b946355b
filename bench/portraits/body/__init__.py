"""What a rendered person is made of."""
