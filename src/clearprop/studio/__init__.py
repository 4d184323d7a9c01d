"""Studio: a local page on which backpropagation is watched, on one's own network and data."""
