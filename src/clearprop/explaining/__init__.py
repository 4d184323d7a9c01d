"""Explanations: they narrate a record, and never compute the algorithm a second time."""
