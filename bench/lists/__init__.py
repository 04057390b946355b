"""Readers for the clip lists that the field's data sets are published as, each in its exact format."""
