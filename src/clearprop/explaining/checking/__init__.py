"""Checks of gradients: a network's, anybody's, and a backward pass written by hand."""
