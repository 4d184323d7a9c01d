"""Any small expression, by the machinery that explains networks: values, graph, derivation."""
