"""Derivations: expressions with values, the steps of a pass, and how they are written."""
