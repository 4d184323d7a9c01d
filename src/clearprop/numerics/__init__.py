"""Numerics: random streams, special functions, and checks of derivatives."""
