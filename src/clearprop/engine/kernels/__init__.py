"""Kernels: compiled pieces that know arrays and numbers, and no Network.

Numba compiles them. Every sum and product is written out with explicit fused multiply-adds, so
that the bits depend neither on the width of a processor's vectors nor on a math library.
"""
