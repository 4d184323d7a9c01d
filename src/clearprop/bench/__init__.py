"""Training speed beside PyTorch, JAX and scikit-learn, and beside the processor's own limit.

cases, fma -> own, pytorch, jax_scan, scikit_learn -> systems -> measure, rounds -> summary ->
page. Each measurement is a process of its own. `clearprop bench` runs the short form, and
`benchmarks/compare.py` the whole.
"""
