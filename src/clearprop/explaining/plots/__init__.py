"""Plots of weights, of the flow of gradients, and of the cost."""
