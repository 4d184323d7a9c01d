"""Streamed: a model of a table that is read in blocks, in memory that its window bounds."""
