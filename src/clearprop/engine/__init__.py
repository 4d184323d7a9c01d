"""The engine: what has to be laid out in memory before compiled code can run, and how it is run.

It knows sizes, functions and arrays, and no Network; `clearprop.engine.kernels` holds the compiled
pieces. Nothing here imports Numba, which is wanted only where a kernel has to be compiled.
"""
